export interface Scope {}
