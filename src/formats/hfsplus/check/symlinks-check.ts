import type { CatalogKey } from '../catalog-key.js';
import type { FileRecord } from '../catalog-record.js';
import type { Where } from '../where.js';
import type { CheckContext } from './context.js';

/** Most bytes of a target: MAXPATHLEN of Darwin. */
const MAX_TARGET = 1024;

/** Symbolic links: a target that is there, not too long, without NUL. */
export class SymlinksCheck {
  readonly #context: CheckContext;
  readonly #targets: { cnid: number; block: number; length: number }[] = [];

  constructor(context: CheckContext) {
    this.#context = context;
  }

  visit(key: CatalogKey, record: FileRecord, where: Where): void {
    if ((record.bsd.mode & 0o170000) !== 0o120000) return;
    const { logicalSize, extents } = record.data;
    if (logicalSize < 1 || logicalSize > MAX_TARGET || extents.length === 0) {
      const at = `symbolic link ${JSON.stringify(key.name)}, CNID ${record.cnid}`;
      this.#context.findings.error(where.structure, at, `a target of 1 to ${MAX_TARGET} bytes`, logicalSize);
      return;
    }
    const { startBlock, blockCount } = extents[0]!;
    const length = Math.min(logicalSize, blockCount * this.#context.header.blockSize);
    this.#targets.push({ cnid: record.cnid, block: startBlock, length });
  }

  /** Reads the targets, in the order in which they lie on the disk. */
  async finish(): Promise<void> {
    const { source, header, findings } = this.#context;
    this.#targets.sort((a, b) => a.block - b.block);
    for (const { cnid, block, length } of this.#targets) {
      const at = block * header.blockSize;
      if (at + length > source.size) continue;
      try {
        const nul = (await source.read(at, length)).indexOf(0);
        if (nul >= 0)
          findings.error('symbolic link', `CNID ${cnid}`, `a target of ${length} bytes`, `a NUL after ${nul}`);
      } catch (error) {
        findings.fault(error);
      }
    }
  }
}
