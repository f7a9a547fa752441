/** How a finished disk is proved. */
export interface VerifyOptions {
  readonly signal: AbortSignal;
  report?(progress: { done: number; total: number }): void;
  /** 'quick' leaves out the packages, for whoever cannot wait. */
  readonly packages?: 'prove' | 'quick';
  /** The bytes of packages and of BaseSystem.dmg were proved on their way to the disk: they are not read once more. */
  readonly provedOnTheWay?: boolean;
  /** A loader in an EFI system partition is expected: an error without. */
  readonly esp?: boolean;
  /** Sees every byte of the file, front to back, in the same reading. */
  see?(bytes: Uint8Array): void;
}
