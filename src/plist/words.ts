/** What people write for yes and no; undefined for anything else. */
export function yesOrNo(text: string): boolean | undefined {
  if (/^(yes|y|true|on|1)$/i.test(text)) return true;
  if (/^(no|n|false|off|0)$/i.test(text)) return false;
  return undefined;
}
