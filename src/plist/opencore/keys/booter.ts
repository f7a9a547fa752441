import { any, data, dict, flag, integer, list, map, since, text } from '../key.js';
import { ARCHES } from './values.js';

/** Patches of Apple's boot.efi and its memory map. */
export const BOOTER = dict({
  MmioWhitelist: list(
    dict({
      Address: integer('u64'),
      Comment: text(),
      Enabled: flag(),
    }),
  ),
  Patch: list(
    dict({
      Arch: text('Any', ARCHES),
      Comment: text(),
      Count: integer('u32'),
      Enabled: flag(),
      Find: data(),
      Identifier: text('Any'),
      Limit: integer('u32'),
      Mask: data(),
      Replace: data(),
      ReplaceMask: data(),
      Skip: integer('u32'),
    }),
  ),
  Quirks: dict({
    AllowRelocationBlock: flag(),
    AvoidRuntimeDefrag: flag(),
    ClearTaskSwitchBit: since('1.0.4', flag()),
    DevirtualiseMmio: flag(),
    DisableSingleUser: flag(),
    DisableVariableWrite: flag(),
    DiscardHibernateMap: flag(),
    EnableSafeModeSlide: flag(),
    EnableWriteUnprotector: flag(),
    FixupAppleEfiImages: since('0.9.6', flag()),
    ForceBooterSignature: flag(),
    ForceExitBootServices: flag(),
    ProtectMemoryRegions: flag(),
    ProtectSecureBoot: flag(),
    ProtectUefiServices: flag(),
    ProvideCustomSlide: flag(),
    ProvideMaxSlide: integer('u8'),
    RebuildAppleMemoryMap: flag(),
    ResizeAppleGpuBars: since('0.7.5', integer('i8', -1, { min: -1, max: 10 })),
    SetupVirtualMap: flag(),
    SignalAppleOS: flag(),
    SyncRuntimePermissions: flag(),
  }),
});

/** Properties of devices, by their device path. */
export const DEVICE_PROPERTIES = dict({
  Add: map(map(any())),
  Delete: map(list(text())),
});
