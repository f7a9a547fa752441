/** What may be a host's name: letters, digits, "-" and ".". */
export function hostName(name: string): string {
  return name.replace(/[^A-Za-z0-9.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '') || 'osx';
}
