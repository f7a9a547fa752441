// In words that even old Nodes understand: it is what tells them that they are too old.

/** What is said where Node is too old for us, and how to get one that is not; undefined where it will do. */
export function nodeTooOld(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return undefined;
  return [
    `osx-iso needs Node 20.19 or newer; this is ${version}${major === 18 ? ' (Debian 12 has that one)' : ''}.`,
    '',
    'A newer one beside it, for all programs (npm brings it):',
    '  sudo npm install -g node@22 && hash -r',
    'For this one command:',
    '  npx -p node@22 -p osx-iso osx-iso build --help',
    'Or from https://nodejs.org/en/download',
  ].join('\n');
}
