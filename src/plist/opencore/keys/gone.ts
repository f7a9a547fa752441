/**
 * Keys that are no more, and the last version of OpenCore that read them (code: the tables of OcConfigurationLib at each tag from
 * 0.5.6 on).
 */
export const GONE: Readonly<Record<string, string>> = {
  'ACPI/Block': '0.5.8',
  'Booter/Quirks/ProtectCsmRegion': '0.5.6',
  'Booter/Quirks/ShrinkMemoryMap': '0.5.6',
  'DeviceProperties/Block': '0.5.8',
  'Kernel/Quirks/DummyPowerManagement': '0.6.1',
  'Misc/Boot/HideSelf': '0.5.8',
  'Misc/Debug/SerialInit': '0.7.9',
  'Misc/Security/AllowNvramReset': '0.8.0',
  'Misc/Security/AllowToggleSip': '0.8.0',
  'Misc/Security/BootProtect': '0.6.5',
  'NVRAM/Block': '0.5.8',
  'NVRAM/LegacyEnable': '0.8.2',
  'PlatformInfo/Generic/AdviseWindows': '0.6.9',
  'PlatformInfo/SMBIOS/MemoryFormFactor': '0.6.2',
  'UEFI/Audio/AudioOut': '0.7.6',
  'UEFI/Audio/MinimumVolume': '0.7.6',
  'UEFI/Audio/VolumeAmplifier': '0.7.6',
  'UEFI/Input/KeyMergeThreshold': '0.6.6',
  'UEFI/Output/DirectGopCacheMode': '0.5.8',
  'UEFI/ProtocolOverrides/AppleEvent': '0.6.7',
  'UEFI/Protocols': '0.5.7',
  'UEFI/Quirks/DeduplicateBootOrder': '0.6.4',
  'UEFI/Quirks/RequestBootVarFallback': '0.5.8',
};
