import { data, dict, flag, integer, list, text } from '../key.js';

/** Tables that are added, deleted, patched. */
export const ACPI = dict({
  Add: list(
    dict({
      Comment: text(),
      Enabled: flag(),
      Path: text(),
    }),
  ),
  Delete: list(
    dict({
      All: flag(),
      Comment: text(),
      Enabled: flag(),
      OemTableId: data(8),
      TableLength: integer('u32'),
      TableSignature: data(4),
    }),
  ),
  Patch: list(
    dict({
      Base: text(),
      BaseSkip: integer('u32'),
      Comment: text(),
      Count: integer('u32'),
      Enabled: flag(),
      Find: data(),
      Limit: integer('u32'),
      Mask: data(),
      OemTableId: data(8),
      Replace: data(),
      ReplaceMask: data(),
      Skip: integer('u32'),
      TableLength: integer('u32'),
      TableSignature: data(4),
    }),
  ),
  Quirks: dict({
    FadtEnableReset: flag(),
    NormalizeHeaders: flag(),
    RebaseRegions: flag(),
    ResetHwSig: flag(),
    ResetLogoStatus: flag(),
    SyncTableIds: flag(),
  }),
});
