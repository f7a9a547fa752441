/** What is said where Node is too old for us, and how to get one that is not; undefined where it will do. */
export declare function nodeTooOld(version: string): string | undefined;
