import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { version } from '../version.js';
import { registerBoot } from './commands/boot.js';
import { registerBuild } from './commands/build.js';
import { registerClean } from './commands/clean.js';
import { registerDisk } from './commands/disk.js';
import { registerDoctor } from './commands/doctor.js';
import { registerDownload } from './commands/download.js';
import { registerGuest } from './commands/guest/index.js';
import { registerInspect } from './commands/inspect.js';
import { registerList } from './commands/list.js';
import { registerOpenCore } from './commands/opencore/index.js';
import { registerPlist } from './commands/plist/index.js';
import { registerSmc } from './commands/smc.js';
import { registerVerify } from './commands/verify.js';
import type { Start } from './context.js';
import { examples, HELP_LOOKS } from './help.js';
import { jsonText } from './lines/index.js';
import { keepYoungSpaceSmall } from './memory.js';
import { Output } from './output.js';
import { runSession, type SessionParts } from './session.js';
import { errorLines, outputError } from './show-error.js';
import { painter } from './view/terminal.js';

/** Every command, in the order of the help. Each says only what it is called and what it takes; the work is loaded on use. */
const COMMANDS: readonly ((program: Command, start: Start) => void)[] = [
  registerBuild,
  registerList,
  registerDownload,
  registerVerify,
  registerInspect,
  registerPlist,
  registerOpenCore,
  registerGuest,
  registerClean,
  registerBoot,
  registerDisk,
  registerDoctor,
  registerSmc,
];

/** The program with all its commands and options, as text is made of them: help, the man page, completions. */
export function commandTree(
  start: Start = async () => {},
  parts: { readonly version?: string; readonly output?: OutputConfiguration } = {},
): Command {
  const program = new Command('osx-iso');
  program
    .description('Makes a bootable OS X installer ISO from the installer app, on Linux or on a Mac, and proves it.')
    .option('--json', 'print events and results as one JSON line each, on stdout')
    .option('--quiet', 'print results and errors only')
    .option('--verbose', 'print more, and where errors come from')
    .option('--no-color', 'no colours (NO_COLOR does the same)')
    .option('--log-file <file>', 'write everything down in this file, too, with the time')
    .version(parts.version ?? version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({
      ...HELP_LOOKS,
      // The program's own: what the group of a command takes is not for it.
      visibleGlobalOptions: (command) => (command === program ? [] : program.options.filter(({ hidden }) => !hidden)),
    })
    .configureOutput(parts.output ?? {})
    .showHelpAfterError('\nosx-iso --help lists the commands, osx-iso COMMAND --help its options.')
    .exitOverride();
  for (const register of COMMANDS) register(program, start);
  program.addHelpText(
    'after',
    examples([
      'osx-iso build yosemite',
      'osx-iso guest create yosemite --iso "Install OS X Yosemite.iso" --chameleon ./boot --osk-file ~/.osk',
      'osx-iso boot yosemite',
    ]),
  );
  return program;
}

/** `help plist check` and `version` as the options that say the same; a word that is no command stays, for the error that names it. */
function inOptions(program: Command, argv: readonly string[]): readonly string[] {
  const [first, ...words] = argv;
  if (first === 'version' && words.length === 0) return ['--version'];
  if (first !== 'help') return argv;
  const path: string[] = [];
  let at = program;
  for (const word of words) {
    const next = at.commands.find((command) => command.name() === word);
    if (!next) return at.commands.length > 0 ? [...path, word] : [...path, '--help'];
    path.push(word);
    at = next;
  }
  return [...path, '--help'];
}

/** Runs the command line (without node and script) and returns the exit code. `parts` is for tests. */
export async function main(argv: readonly string[], parts: Partial<SessionParts> = {}): Promise<number> {
  keepYoungSpaceSmall();
  const session: SessionParts = {
    stdout: parts.stdout ?? new Output(process.stdout),
    stderr: parts.stderr ?? new Output(process.stderr),
    screen: process.stderr,
    env: process.env,
    version,
    exit: (code) => process.exit(code),
    ...parts,
  };
  let code = 0;
  const start: Start = async (name, work, options) => {
    const standIn = session.standIns?.[name];
    code = await runSession(
      async (context) => {
        if (standIn) return standIn(options, context);
        // Loaded on use: help and version need none of it.
        return work(await import('../index.js'), options, context);
      },
      { json: false, quiet: false, verbose: false, ...program.opts<{ color: boolean; logFile?: string }>() },
      session,
    );
  };
  const output: OutputConfiguration = {
    writeOut: (text) => session.stdout.line(text.replace(/\n$/, '')),
    writeErr: (text) => session.stderr.line(text.replace(/\n$/, '')),
    outputError: (text, write) => write(text.replace(/^error: /, 'osx-iso: ')),
  };
  const program = commandTree(start, { version: session.version, output });

  try {
    await program.parseAsync(inOptions(program, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version were asked for, or printed instead of an answer to nothing at all.
    code = error.exitCode === 0 ? 0 : 2;
    if (code === 2 && argv.includes('--json')) {
      const message = error.message.replace(/^error: /, '');
      session.stdout.line(jsonText({ type: 'error', message, exitCode: code }));
    }
  }
  await session.stdout.flush();
  const { failure } = session.stdout;
  if (failure) {
    // A result that nobody can read is none, whatever became of the rest.
    for (const line of errorLines(outputError(failure), {
      verbose: false,
      version: session.version,
      terminal: { columns: undefined, paint: painter(false) },
    })) {
      session.stderr.line(line);
    }
    code ||= 1;
  }
  await session.stderr.flush();
  return code;
}
