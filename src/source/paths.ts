/** Where recipes find the parts of an installer: the paths inside the app, whatever was given. */
export const SHARED_SUPPORT = 'Contents/SharedSupport';
export const ESD = `${SHARED_SUPPORT}/InstallESD.dmg`;
/** From 10.13 on beside InstallESD.dmg; before, in it. */
export const BASE_SYSTEM = `${SHARED_SUPPORT}/BaseSystem.dmg`;
export const CHUNKLIST = `${SHARED_SUPPORT}/BaseSystem.chunklist`;
/** From 10.12 on: names the images and their version. */
export const INSTALL_INFO = `${SHARED_SUPPORT}/InstallInfo.plist`;
/** The retail DVD of 10.6, which came in no app. */
export const DVD = 'Install DVD.dmg';

/** What may lie beside InstallESD.dmg, wherever that is. */
export const COMPANIONS = ['BaseSystem.dmg', 'BaseSystem.chunklist', 'InstallInfo.plist'] as const;
