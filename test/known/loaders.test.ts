import { describe, expect, it } from 'vitest';
import { defaultLoader, LOADERS, READ_AHEAD_SECTORS, startersOf } from '../../src/known/loaders.js';
import { releases } from '../../src/releases.js';

describe('the table of loaders', () => {
  it('has the figures of real-media.md section 2', () => {
    const { chameleon, boot1h, opencore, virtualbox, grub, xnu } = LOADERS;
    expect([chameleon.readAhead?.is, boot1h.readAhead?.is, READ_AHEAD_SECTORS]).toEqual([64, 64, 64]);
    expect([boot1h.nodeSize?.is, boot1h.fileSize?.is]).toEqual([16_384, 480 * 1024 - 512]);
    expect([chameleon.label?.is, chameleon.fileSize?.is]).toEqual([36, 64 << 20]);
    expect([opencore.extents?.is, virtualbox.extents?.is, chameleon.extents, grub.extents]).toEqual([
      8,
      8,
      undefined,
      undefined,
    ]);
    expect([opencore.signatures.is, grub.signatures.is]).toEqual([['H+'], ['H+', 'HX']]);
    expect(Object.values(LOADERS).filter(({ needsUuid }) => needsUuid)).toEqual([xnu]);
  });

  it('says for each release what starts it: OpenCore all of them, Chameleon or Enoch up to 10.12', () => {
    for (const { version } of releases) {
      const minor = Number(version.split('.')[1]);
      const usual = minor < 12 ? ['chameleon'] : minor === 12 ? ['enoch'] : [];
      expect([version, startersOf(version)]).toEqual([version, [...usual, 'opencore']]);
      expect(defaultLoader(version)).toBe(minor < 13 ? 'chameleon' : 'opencore');
    }
    expect(startersOf('11')).toEqual(['opencore']);
  });

  it('has each loader under its own name, and a word for each fact', () => {
    for (const [id, loader] of Object.entries(LOADERS)) {
      expect(loader.id).toBe(id);
      const limits = [...Object.values(loader), ...Object.values(loader.maps ?? {})].filter(
        (value): value is { known: string } => typeof value === 'object' && value !== null && 'known' in value,
      );
      expect(limits.length).toBeGreaterThan(5);
      for (const { known } of limits) expect(['measured', 'code', 'reported', 'inferred']).toContain(known);
    }
  });
});
