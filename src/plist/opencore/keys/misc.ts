import { any, data, dict, flag, integer, list, map, optional, since, text } from '../key.js';
import { SECURE_BOOT_MODELS, UUID } from './values.js';

/** Picker, debugging, security, tools. */
export const MISC = dict({
  BlessOverride: list(text()),
  Boot: dict({
    ConsoleAttributes: integer('u32', 0, { bits: 0x7f }),
    HibernateMode: text('None', ['None', 'Auto', 'RTC', 'NVRAM']),
    HibernateSkipsPicker: since('0.8.7', flag()),
    HideAuxiliary: flag(),
    InstanceIdentifier: since('0.9.4', text()),
    LauncherOption: text('Disabled', ['Disabled', 'Full', 'Short', 'System']),
    LauncherPath: text('Default'),
    PickerAttributes: integer('u32', 0, { bits: 0x3ff }),
    PickerAudioAssist: flag(),
    PickerMode: text('Builtin', ['Builtin', 'External', 'Apple']),
    PickerVariant: text('Auto'),
    PollAppleHotKeys: flag(),
    ShowPicker: flag(),
    TakeoffDelay: integer('u32'),
    Timeout: integer('u32'),
  }),
  Debug: dict({
    AppleDebug: flag(),
    ApplePanic: flag(),
    DisableWatchDog: flag(),
    DisplayDelay: integer('u32'),
    DisplayLevel: integer('u64', 0, { bits: 0x80400042 }),
    LogModules: since('0.7.9', text('*')),
    SysReport: flag(),
    Target: integer('u32', 0, { bits: 0xff }),
  }),
  Entries: list(
    dict({
      Arguments: text(),
      Auxiliary: flag(),
      Comment: text(),
      Enabled: flag(),
      Flavour: text('Auto'),
      Name: text(),
      Path: text(),
      TextMode: flag(),
    }),
  ),
  Security: dict({
    AllowSetDefault: flag(),
    ApECID: integer('u64'),
    AuthRestart: flag(),
    BlacklistAppleUpdate: flag(),
    DmgLoading: text('Signed', ['Disabled', 'Signed', 'Any']),
    EnablePassword: flag(),
    ExposeSensitiveData: integer('u32', 6, { bits: 0xf }),
    HaltLevel: integer('u64', 0x80000000, { bits: 0x80400042 }),
    PasswordHash: data(64),
    PasswordSalt: data(),
    ScanPolicy: integer('u32', 0x10f0103, { bits: 0x1ff7f03 }),
    SecureBootModel: text('Default', SECURE_BOOT_MODELS),
    Vault: text('Secure', ['Optional', 'Basic', 'Secure']),
  }),
  Serial: since(
    '0.8.0',
    dict({
      Custom: since(
        '0.8.0',
        optional(
          dict({
            BaudRate: since('0.8.0', integer('u32', 115200)),
            ClockRate: since('0.8.0', integer('u32', 1843200)),
            DetectCable: since('0.8.0', flag()),
            ExtendedTxFifoSize: since('0.8.0', integer('u32', 64)),
            FifoControl: since('0.8.0', integer('u8', 7)),
            LineControl: since('0.8.0', integer('u8', 3)),
            PciDeviceInfo: since('0.8.0', data()),
            RegisterAccessWidth: since('0.8.0', integer('u8', 8)),
            RegisterBase: since('0.8.0', integer('u64', 0x03f8)),
            RegisterStride: since('0.8.0', integer('u32', 1)),
            UseHardwareFlowControl: since('0.8.0', flag()),
            UseMmio: since('0.8.0', flag()),
          }),
        ),
      ),
      Init: since('0.8.0', flag()),
      Override: since('0.8.0', flag()),
    }),
  ),
  Tools: list(
    dict({
      Arguments: text(),
      Auxiliary: flag(),
      Comment: text(),
      Enabled: flag(),
      Flavour: text('Auto'),
      FullNvramAccess: since('0.8.4', flag()),
      Name: text(),
      Path: text(),
      RealPath: flag(),
      TextMode: flag(),
    }),
  ),
});

/** Variables, by their GUID. */
export const NVRAM = dict({
  Add: map(map(any()), UUID),
  Delete: map(list(text()), UUID),
  LegacyOverwrite: flag(),
  LegacySchema: map(list(text()), UUID),
  WriteFlash: flag(),
});
