import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMParser } from '@xmldom/xmldom';
import { parseToObject } from 'hcl2-parser';
import { find, type Tool } from '../../helpers/judges/needs.js';
import { scratch } from '../../helpers/judges/tool.js';

// What other programs read in what we print, by code that is not ours.

/** Bytes of what a reader says. */
const MUCH = 1 << 28;

/** As PVE::QemuServer's parse_vm_config reads a line, which Perl takes as bytes: only blanks of ASCII are blanks. */
export function readConf(conf: string): ReadonlyMap<string, string> {
  const lines = conf.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, key, value] = /^([a-z][a-z_-]*\d*):[ \t\r\f\v]*(.+?)[ \t\r\f\v]*$/s.exec(line) ?? [];
      if (key === undefined || value === undefined) throw new Error(`no setting: ${JSON.stringify(line)}`);
      return [key, value];
    }),
  );
}

/** Each text's words as Proxmox splits `args`: Perl's Text::ParseWords. */
export function shellwords(texts: readonly string[]): string[][] {
  const program = 'while (<STDIN>) { chomp; print join("\\0", shellwords($_)), "\\n" }';
  const out = execFileSync(programOf('perl'), ['-MText::ParseWords', '-e', program], {
    input: `${texts.join('\n')}\n`,
    maxBuffer: MUCH,
  });
  return out
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\0'));
}

/** What `qm` is given by each script, as sh runs it. */
export function qmCalls(scripts: readonly string[]): string[][] {
  const before = 'pvesh() { echo 100; }; qm() { printf "%s\\0" "$@"; printf "\\0\\0"; }\n';
  return scripts.map((script) =>
    execFileSync('sh', ['-c', before + script])
      .toString('utf8')
      .split('\0\0\0')[0]!
      .split('\0'),
  );
}

/** A template as HashiCorp's own parser has it, its Go templates replaced as text/template would. */
export function readHcl(text: string): {
  source: { qemu: { osx: [Record<string, unknown> & { qemuargs: string[][] }] } };
} {
  const [value, fault] = parseToObject(text);
  if (fault !== null) throw new Error(`no HCL: ${JSON.stringify(fault)}`);
  return value;
}

const FIELDS: Readonly<Record<string, string>> = { '.OutputDir': 'OUT', '.Name': 'NAME', '.SSHHostPort': '2222' };

/** What Packer makes of a string: actions are fields, or strings between backquotes. */
export function rendered(text: string): string {
  return text.replace(
    /\{\{ (?:`([^`]*)`|(\.\w+)) \}\}/g,
    (_, quoted?: string, field?: string) => quoted ?? FIELDS[field!]!,
  );
}

export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
}

const RUBY = `
require 'json'
class Recorder
  def initialize(log) = @log = log
  def respond_to_missing?(*) = true
  def method_missing(name, *args, **options, &block)
    @log << { name: name, args: args, options: options }
    inner = Recorder.new(@log)
    block.call(inner) if block
    inner
  end
end
module Vagrant
  def self.configure(version) = yield(Recorder.new($log))
end
puts(JSON.generate(ARGV.map { |file| $log = []; load(file); $log }))
`;

/** What each Vagrantfile calls, as Ruby runs it. */
export function vagrantCalls(texts: readonly string[]): Call[][] {
  const folder = scratch('vagrant');
  const files = texts.map((text, i) => {
    const file = join(folder, `Vagrantfile${i}`);
    writeFileSync(file, text);
    return file;
  });
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  return JSON.parse(
    execFileSync(programOf('ruby'), ['-e', RUBY, ...files], { env, maxBuffer: MUCH }).toString('utf8'),
  ) as Call[][];
}

/** What libvirt reads where vagrant-libvirt has put words between single quotes (its templates/domain.xml.erb). */
export function readXmlValues(words: readonly string[]): string[] {
  const xml = `<d>${words.map((word) => `<qemu-arg value='${word}'/>`).join('')}</d>`;
  const root = new DOMParser({
    onError: (_, message) => {
      throw new Error(message);
    },
  }).parseFromString(xml, 'text/xml');
  return [...root.getElementsByTagName('qemu-arg')].map((element) => element.getAttribute('value')!);
}

function programOf(tool: Tool): string {
  const found = find(tool);
  if (found === undefined) throw new Error(`${tool} is not on this machine: call needs() first`);
  return found;
}
