import type * as Osx from '../../index.js';

/** A guest has started: what other programs reach it by. Once more where it is started again by another accelerator. */
export interface GuestStart {
  readonly type: 'guest:start';
  /** QEMU's process. */
  readonly pid: number;
  readonly accelerator: string;
  /** The path of QEMU's second QMP socket: for one program after another, each only for a moment. */
  readonly qmp: string;
  readonly ports: Osx.Ports;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Something happened to the guest that a person should know. */
export interface GuestNote {
  readonly type: 'guest:note';
  readonly text: string;
  readonly at: number;
}

export type GuestEvent = GuestStart | GuestNote;

/** `boot --dry-run` */
export interface MachineLine {
  readonly type: 'machine';
  readonly machine: Osx.Machine;
  readonly program: string;
  readonly argv: readonly string[];
  /** Where the SMC's key comes from; never the key. */
  readonly key?: Osx.OskSource;
  readonly create?: { readonly file: string; readonly size: number };
  /** With --format libvirt. */
  readonly xml?: string;
  /** With --format proxmox: the file, and the same as commands. */
  readonly conf?: string;
  readonly commands?: string;
  /** With --format packer. */
  readonly hcl?: string;
  /** With --format vagrant. */
  readonly vagrantfile?: string;
}

/** `boot`: how the guest ended. */
export interface BootLine extends Osx.GuestEnd {
  readonly type: 'boot';
}

/** `guest create`, `guest set`, `guest show` */
export interface GuestLine {
  readonly type: 'guest';
  /** Its folder. */
  readonly path: string;
  /** What guest.json says: guest.schema.json. */
  readonly guest: Osx.Guest;
  /** The process that looks after it, where it runs. */
  readonly pid?: number;
}

/** `guest list` */
export interface GuestsLine {
  readonly type: 'guests';
  readonly guests: readonly {
    readonly name: string;
    readonly path?: string;
    readonly guest?: Osx.Guest;
    /** Why its guest.json cannot be read. */
    readonly fault?: string;
    readonly pid?: number;
  }[];
}

/** `guest delete` */
export interface DeletedLine extends Osx.Deletion {
  readonly type: 'deleted';
  readonly path: string;
}

/** `boot GUEST --detach` */
export interface DetachedLine extends Omit<Osx.RunState, 'schema'> {
  readonly type: 'detached';
  readonly guest: string;
  /** The file with what boot says. */
  readonly log: string;
}

/** `guest status` */
export interface StatusLine extends Omit<Osx.GuestStatus, 'run'>, Partial<Omit<Osx.RunState, 'schema'>> {
  readonly type: 'status';
  readonly guest: string;
}

/** `guest stop` */
export interface StoppedLine extends Osx.Stopped {
  readonly type: 'stopped';
  readonly guest: string;
}

/** `guest wait` */
export interface SshLine {
  readonly type: 'ssh';
  readonly guest: string;
  /** What its ssh server says first. */
  readonly banner: string;
}

/** `boot --web`: before the guest's end. */
export interface ScreenLine {
  readonly type: 'screen';
  /** Whoever has this address sees the screen and types there. */
  readonly url: string;
  readonly port: number;
}

/** `guest screenshot` */
export interface ScreenshotLine {
  readonly type: 'screenshot';
  readonly guest: string;
  readonly file: string;
}

/** `guest type` */
export interface TypedLine {
  readonly type: 'typed';
  readonly guest: string;
  /** Characters. */
  readonly typed: number;
  readonly of: number;
}
