interface Closable {
  close(): Promise<void>;
}

/** Closes all of them, one after another, whatever becomes of one: node closes what is forgotten when it likes, and warns. Throws the first error. */
export async function closeAll(open: Iterable<Closable>): Promise<void> {
  const errors: unknown[] = [];
  for (const one of open) await one.close().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
