export interface Names {}
