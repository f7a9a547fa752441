/** Working on a guest: its disk image, or its mounted volume; and the plist files of the host. */
export { settingsOf } from '../plist/chameleon/settings.js';
export { findingLine } from '../plist/findings.js';
export { composePlist, type PlistRequest } from './compose.js';
export { type EditContext, editImage, type GuestChange, type ImageEdit, type ImageEditOptions } from './edit-image.js';
export { installMounted, type MountedChange, type MountedOptions } from './mounted.js';
export {
  checkPlistFile,
  type FixedFile,
  fixPlistFile,
  plistRequest,
  readBootPlist,
  writePlistFile,
} from './plist-files.js';
export { readImage } from './read-image.js';
export { needlessHere, removeKextMounted, stageKextRemoval } from './remove-kext.js';
export { indented, mountedLines, plainEdit, valuesOf } from './show.js';
export { stagePlist } from './stage-plist.js';
export { DEFAULT_TEMPLATE, readTemplate, templateNames, templateText } from './templates.js';
