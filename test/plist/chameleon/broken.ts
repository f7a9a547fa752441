/** Wraps the content of a dict as Apple's tools write it; the dict's tag is on line 4, the content begins on line 5. */
export const plist = (content: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
${content}
</dict>
</plist>
`;
const pair = (key: string, value: string) => `<key>${key}</key><string>${value}</string>`;
export const T = pair('Timeout', '5');
const MODE = pair('Graphics Mode', '1280x1024x32');

export interface Broken {
  readonly what: string;
  readonly file: string | Uint8Array;
  readonly name?: string;
  /** "line:column code", errors first marked "!". */
  readonly findings: readonly string[];
  /** What the loader sees, by the facts. */
  readonly sees: Readonly<Record<string, string>>;
  /** What --fix makes of it; undefined: it refuses. */
  readonly fixed?: Readonly<Record<string, string>>;
}

const GOOD = { Timeout: '5', 'Graphics Mode': '1280x1024x32' };

/** Files that are not what they seem, or that seem worse than they are, and what the facts say of each. */
export const BROKEN: readonly Broken[] = [
  { what: 'nothing wrong', file: plist(`${T}${MODE}`), findings: [], sees: GOOD, fixed: GOOD },
  {
    what: 'CRLF and a byte order mark',
    file: `\ufeff${plist(`${T}\n${MODE}`).replaceAll('\n', '\r\n')}`,
    findings: [],
    sees: GOOD,
    fixed: GOOD,
  },
  {
    what: 'a comment in the dict, first',
    file: plist(`<!-- ${MODE} -->\n${T}`),
    findings: ['!5:1 comment-in-dict'],
    sees: {},
    fixed: { Timeout: '5' },
  },
  {
    what: 'a comment in the middle of the dict',
    file: plist(`${T}\n  <!-- mode -->\n${MODE}`),
    findings: ['!6:3 comment-in-dict'],
    sees: { Timeout: '5' },
    fixed: GOOD,
  },
  {
    what: 'a comment at the end of the dict',
    file: plist(`${T}\n<!-- end -->`),
    findings: ['6:1 comment-in-dict'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5' },
  },
  {
    what: 'a comment between key and value',
    file: plist(`${T}<key>GUI</key><!-- no --><string>No</string>`),
    findings: ['!5:51 comment-for-value'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5', GUI: 'No' },
  },
  {
    what: 'a comment with ">" before the dict',
    file: plist(T).replace('<dict>', '<!-- a > b -->\n<dict>'),
    findings: ['!4:1 comment-before-dict'],
    sees: {},
    fixed: { Timeout: '5' },
  },
  {
    what: 'a harmless comment before the dict',
    file: plist(T).replace('<dict>', '<!-- a -->\n<dict>'),
    findings: [],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5' },
  },
  {
    what: '<integer>',
    file: plist(`<key>Timeout</key><integer>5</integer>${MODE}`),
    findings: ['!5:19 not-a-string'],
    sees: { 'Graphics Mode': '1280x1024x32' },
    fixed: GOOD,
  },
  {
    what: '<real>',
    file: plist(`${T}<key>CsrActiveConfig</key><real>103</real>`),
    findings: ['!5:63 unknown-element'],
    sees: {},
    fixed: { Timeout: '5', CsrActiveConfig: '103' },
  },
  {
    what: '<date>',
    file: plist(`<key>When</key><date>2016-01-01T00:00:00Z</date>${T}`),
    findings: ['!5:16 unknown-element'],
    sees: {},
    fixed: { Timeout: '5' },
  },
  {
    what: '<string/>',
    file: plist(`${T}<key>Kernel Flags</key><string/>`),
    findings: ['!5:60 empty-element'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5', 'Kernel Flags': '' },
  },
  {
    what: '<string></string>',
    file: plist(`${T}${pair('Kernel Flags', '')}`),
    findings: [],
    sees: { Timeout: '5', 'Kernel Flags': '' },
    fixed: { Timeout: '5', 'Kernel Flags': '' },
  },
  {
    what: 'an entity',
    file: plist(`${T}${pair('Kernel Flags', 'a&amp;b')}`),
    findings: ['!5:69 entity'],
    sees: { Timeout: '5', 'Kernel Flags': 'a&amp;b' },
  },
  {
    what: 'an entity where it is decoded',
    file: plist(`${T}${pair('Default Partition', 'A&amp;B')}`),
    findings: [],
    sees: { Timeout: '5', 'Default Partition': 'A&amp;B' },
  },
  {
    what: 'a character by its number',
    file: plist(`${T}${pair('Kernel Flags', '&#45;v')}`),
    findings: ['!5:68 entity'],
    sees: { Timeout: '5', 'Kernel Flags': '&#45;v' },
    fixed: { Timeout: '5', 'Kernel Flags': '-v' },
  },
  {
    what: 'CDATA',
    file: plist('<key>Timeout</key><string><![CDATA[5]]></string>'),
    findings: ['!5:27 markup-in-text'],
    sees: { Timeout: '<![CDATA[5]]>' },
    fixed: { Timeout: '5' },
  },
  {
    what: 'blanks in a key',
    file: plist(`${T}${pair(' Graphics Mode ', '1280x1024x32')}`),
    findings: ['!5:42 blanks'],
    sees: { Timeout: '5', ' Graphics Mode ': '1280x1024x32' },
    fixed: GOOD,
  },
  {
    what: 'blanks in a value',
    file: plist(`${T}${pair('Graphics Mode', ' 1280x1024x32 ')}`),
    // Of a mode the loader takes the numbers (code).
    findings: ['5:69 blanks'],
    sees: { Timeout: '5', 'Graphics Mode': ' 1280x1024x32 ' },
    fixed: GOOD,
  },
  // Modes that Enoch r2839 sets as they are meant (measured).
  ...['1366x768x32@60', '"1920x1200x32"', '800,600,32'].map((mode) => ({
    what: `the mode ${mode}`,
    file: plist(`${T}${pair('Graphics Mode', mode)}`),
    findings: [],
    sees: { Timeout: '5', 'Graphics Mode': mode },
    fixed: { Timeout: '5', 'Graphics Mode': mode },
  })),
  {
    what: 'a key twice',
    file: plist(`${pair('Timeout', '9')}\n${T}`),
    findings: ['!6:6 duplicate'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5' },
  },
  {
    what: 'more than 4096 bytes',
    file: plist(`${T}${pair('Kernel Flags', 'x'.repeat(5000))}`),
    findings: ['5:3926 over-size'],
    sees: { Timeout: '5', 'Kernel Flags': 'x'.repeat(5000) },
  },
  {
    what: 'more than the buffer',
    file: plist(`${T}${pair('Kernel Flags', 'x'.repeat(50_000))}`),
    findings: ['!5:68 dict-not-closed', '!5:40790 over-size'],
    sees: {},
  },
  {
    what: 'no Timeout',
    file: plist(MODE),
    findings: ['!4:1 timeout-missing'],
    sees: { 'Graphics Mode': '1280x1024x32' },
    fixed: { 'Graphics Mode': '1280x1024x32', Timeout: '5' },
  },
  {
    what: 'Timeout 0',
    file: plist(pair('Timeout', '0')),
    findings: ['!5:27 value'],
    sees: { Timeout: '0' },
    fixed: { Timeout: '5' },
  },
  {
    what: 'a hexadecimal number',
    file: plist(`${T}${pair('CsrActiveConfig', '0x67')}`),
    findings: ['!5:71 value'],
    sees: { Timeout: '5', CsrActiveConfig: '0x67' },
    fixed: { Timeout: '5', CsrActiveConfig: '103' },
  },
  {
    what: 'a mode without depth',
    file: plist(`${T}${pair('Graphics Mode', '1280x1024')}`),
    findings: ['!5:69 value'],
    sees: { Timeout: '5', 'Graphics Mode': '1280x1024' },
    fixed: GOOD,
  },
  {
    what: '<true/>',
    file: plist(`${T}<key>EthernetBuiltIn</key><true/>`),
    findings: ['5:63 boolean-element'],
    sees: { Timeout: '5', EthernetBuiltIn: 'Yes' },
    fixed: { Timeout: '5', EthernetBuiltIn: 'Yes' },
  },
  {
    what: '<false/> of a key that is on',
    file: plist(`${T}<key>GUI</key><false/>`),
    findings: ['!5:51 boolean-element'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5', GUI: 'No' },
  },
  {
    what: '<false/> of a key that is off',
    file: plist(`${T}<key>ForceHPET</key><false/>`),
    findings: ['5:57 boolean-element'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5', ForceHPET: 'No' },
  },
  {
    what: '"true" for Yes',
    file: plist(`${T}${pair('EthernetBuiltIn', 'true')}`),
    findings: ['!5:71 value'],
    sees: { Timeout: '5', EthernetBuiltIn: 'true' },
    fixed: { Timeout: '5', EthernetBuiltIn: 'Yes' },
  },
  {
    what: '"false" for No',
    file: plist(`${T}${pair('GUI', 'false')}`),
    findings: ['5:59 value'],
    sees: { Timeout: '5', GUI: 'false' },
    fixed: { Timeout: '5', GUI: 'No' },
  },
  {
    what: 'a misspelt key',
    file: plist(`${T}${pair('GraphicsMode', '1280x1024x32')}`),
    findings: ['!5:42 unknown-key'],
    sees: { Timeout: '5', GraphicsMode: '1280x1024x32' },
    fixed: GOOD,
  },
  {
    what: 'lower case',
    file: plist(pair('timeout', '5')),
    findings: ['!5:6 unknown-key'],
    sees: { timeout: '5' },
    fixed: { Timeout: '5' },
  },
  {
    what: 'an unknown key',
    file: plist(`${T}${pair('Colour', 'red')}`),
    findings: ['5:42 unknown-key'],
    sees: { Timeout: '5', Colour: 'red' },
    fixed: { Timeout: '5', Colour: 'red' },
  },
  {
    what: 'an unknown key with a dict',
    file: plist(`${T}<key>Other</key><dict><key>Timeout</key><integer>1</integer></dict>`),
    findings: ['5:42 unknown-key'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5' },
  },
  {
    what: "BootHelp's PciRoot",
    file: plist(`${T}${pair('PciRoot', '1')}`),
    findings: ['!5:42 key-not-read'],
    sees: { Timeout: '5', PciRoot: '1' },
    fixed: { Timeout: '5', PCIRootUID: '1' },
  },
  {
    what: 'power management',
    file: plist(`${T}${pair('GenerateCStates', 'Yes')}`),
    findings: ['5:42 leave-off'],
    sees: { Timeout: '5', GenerateCStates: 'Yes' },
    fixed: { Timeout: '5', GenerateCStates: 'Yes' },
  },
  {
    what: 'letters beyond ASCII',
    file: plist(`${T}${pair('Default Partition', 'Büro')}`),
    findings: ['5:74 not-ascii'],
    sees: { Timeout: '5', 'Default Partition': 'Büro' },
  },
  { what: 'a fragment', file: `${T}${MODE}`, findings: ['!1:1 no-dict'], sees: {}, fixed: GOOD },
  {
    what: 'a dict without <plist>',
    file: `<dict>${T}</dict>`,
    findings: ['1:1 no-plist-element'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5' },
  },
  {
    what: 'an unclosed dict',
    file: plist(T).replace('</dict>', ''),
    findings: ['!7:1 dict-not-closed'],
    sees: {},
    fixed: { Timeout: '5' },
  },
  {
    what: 'a file that ends in the dict',
    file: `<plist><dict>${T}`,
    findings: ['!1:14 dict-not-closed'],
    sees: {},
    fixed: { Timeout: '5' },
  },
  {
    what: 'an unclosed string',
    file: '<dict><key>Timeout</key><string>5</dict>',
    findings: ['!1:33 dict-not-closed'],
    sees: {},
    fixed: { Timeout: '5' },
  },
  {
    what: 'no closing </plist>',
    file: plist(T).replace('</plist>', ''),
    findings: [],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5' },
  },
  {
    what: 'keys behind the dict',
    file: plist(T).replace('</plist>', MODE),
    findings: ['!6:8 outside-dict'],
    sees: { Timeout: '5' },
    fixed: GOOD,
  },
  {
    what: 'a string with an attribute',
    file: plist('<key>Timeout</key><string id="1">5</string>'),
    findings: ['!5:19 unknown-element'],
    sees: {},
    fixed: { Timeout: '5' },
  },
  {
    what: 'RTF',
    file: '{\\rtf1\\ansi <key>Timeout</key>}',
    findings: ['!1:1 no-dict'],
    sees: {},
    fixed: { Timeout: '5' },
  },
  { what: 'nothing at all', file: '', findings: ['!1:1 no-dict'], sees: {}, fixed: { Timeout: '5' } },
  {
    what: 'UTF-16',
    file: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(plist(`${T}${MODE}`), 'utf16le')]),
    findings: ['!1:1 not-xml-text'],
    sees: {},
    fixed: GOOD,
  },
  {
    what: 'a NUL in the middle',
    file: plist(`${T}\0${MODE}`),
    findings: ['!4:7 dict-not-closed'],
    sees: {},
    fixed: GOOD,
  },
  {
    what: 'the wrong case in the name',
    name: 'org.chameleon.boot.plist',
    file: plist(T),
    findings: ['!1:1 file-name'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5' },
  },
  {
    what: "Apple's name",
    name: 'com.apple.Boot.plist',
    file: plist(T),
    findings: ['!1:1 file-name'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5' },
  },
  {
    what: 'another name',
    name: 'guest.plist',
    file: plist(T),
    findings: ['1:1 file-name'],
    sees: { Timeout: '5' },
    fixed: { Timeout: '5' },
  },
];
