/** Values a property list of hdiutil's has. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** A property list as hdiutil prints it. Written here again, so that the reader is not tested against its own sister. */
export function plistText(value: Value): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    ...lines(value, ''),
    '</plist>',
    '',
  ].join('\n');
}

function lines(value: Value, indent: string): string[] {
  if (typeof value === 'string') return [`${indent}<string>${escaped(value)}</string>`];
  if (typeof value === 'number') return [`${indent}<integer>${value}</integer>`];
  if (typeof value === 'boolean') return [`${indent}<${value}/>`];
  if (isArray(value)) {
    return [`${indent}<array>`, ...value.flatMap((item) => lines(item, `${indent}\t`)), `${indent}</array>`];
  }
  const inside = Object.entries(value).flatMap(([key, item]) => [
    `${indent}\t<key>${escaped(key)}</key>`,
    ...lines(item, `${indent}\t`),
  ]);
  return [`${indent}<dict>`, ...inside, `${indent}</dict>`];
}

function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
