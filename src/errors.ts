/** What the process ends with. README's table of exit codes is this type in words. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 130;

/** An error a user can meet: what went wrong, and (hint) the next thing to type. Never shown with a stack trace. */
export class UserError extends Error {
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(message: string, options: { exitCode: ExitCode; hint?: string | undefined; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.exitCode = options.exitCode;
    this.hint = options.hint;
  }
}

/** The command line makes no sense. */
export class UsageError extends UserError {
  constructor(message: string, about?: string | { hint?: string | undefined; cause?: unknown }) {
    super(message, { exitCode: 2, ...(typeof about === 'string' ? { hint: about } : about) });
  }
}

/** What was given as the installer cannot be used. */
export class SourceError extends UserError {
  constructor(message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, { ...options, exitCode: 3 });
  }
}

/** The host lacks something; the hint says what to type. */
export class HostError extends UserError {
  constructor(message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, { ...options, exitCode: 4 });
  }
}

/** Somebody else uses what is wanted: another build, another guest, another program. Later it may be free. */
export class InUseError extends HostError {}

/** The finished file is not what it should be. */
export class VerifyError extends UserError {
  constructor(message: string, hint?: string) {
    super(message, { exitCode: 5, hint });
  }
}

/** A step could not do its work. */
export class StepError extends UserError {
  constructor(message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, { ...options, exitCode: 1 });
  }
}

/** The user stopped the run. */
export class Interrupted extends UserError {
  constructor(message = 'Interrupted.') {
    super(message, { exitCode: 130 });
  }
}

/** Several things as one error: each with its number and, below it, what to type. The exit code is that of the gravest. */
export class SeveralErrors extends UserError {
  readonly errors: readonly UserError[];

  /** `what`: "are missing". `besides` are said, and are no reason by themselves. */
  constructor(errors: readonly UserError[], what: string, besides: readonly UserError[] = []) {
    const all = [...errors, ...besides];
    const said = all.map(({ message, hint }, i) => numbered(i + 1, message, hint));
    const [first] = errors;
    super([`${all.length} things ${what}:`, ...said].join('\n\n'), {
      exitCode: errors.reduce<ExitCode>((most, { exitCode }) => (exitCode > most ? exitCode : most), first!.exitCode),
    });
    this.errors = all;
  }
}

function numbered(number: number, message: string, hint: string | undefined): string {
  const lines = [...message.split('\n'), ...(hint?.split('\n') ?? [])].map((line) => `   ${line}`);
  return lines.join('\n').replace('   ', `${number}. `);
}

/** Where and how an input breaks its format. Offsets are bytes from the start of `file` (or of the named source). */
export interface FormatFault {
  /** The name of the source read, see ByteSource.name. */
  readonly file: string;
  /** The structure in the field's words: "koly trailer", "B-tree node 17", "volume header". */
  readonly structure: string;
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
  readonly hint?: string;
}

/** An input file breaks its format. The same exit code as any unusable source. */
export class FormatError extends SourceError {
  readonly fault: FormatFault;

  constructor(fault: FormatFault) {
    super(
      `${fault.file}: ${fault.structure} at byte ${fault.offset}: expected ${fault.expected}, found ${fault.found}.`,
      { hint: fault.hint },
    );
    this.fault = fault;
  }
}

/** Errors that only a mistake in a program makes. */
export function isBug(error: unknown): boolean {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_ASSERTION')
  );
}
