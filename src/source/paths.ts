/** Where recipes find the parts of an installer: the paths inside the app, whatever was given. */
export const SHARED_SUPPORT = 'Contents/SharedSupport';
export const ESD = `${SHARED_SUPPORT}/InstallESD.dmg`;
/** From 10.13 on beside InstallESD.dmg; before, in it. */
export const BASE_SYSTEM = `${SHARED_SUPPORT}/BaseSystem.dmg`;
export const CHUNKLIST = `${SHARED_SUPPORT}/BaseSystem.chunklist`;
