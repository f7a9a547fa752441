import type { Listr, ListrTask, ListrTaskWrapper } from 'listr2';
import type { Outcome, RunEvent, StepInfo } from '../../core/events.js';
import { endLine, leftoverLines, middle, printable, showProgress, showTime, undoLine } from './format.js';
import { STOPPING, type View } from './plain.js';
import { Rate } from './rate.js';
import { Shown } from './shown.js';
import { inAscii, type Screen, wrapped } from './terminal.js';

export interface LiveOptions {
  readonly screen: Screen;
  readonly color: boolean;
  /** Default: yes. */
  readonly unicode?: boolean;
  readonly verbose?: boolean;
}

type Task = Pick<ListrTaskWrapper<unknown, never, never>, 'title' | 'output' | 'skip'>;

const SHOW_CURSOR = '\u001b[?25h';
/** Columns listr2 takes before a title and before a line below it, and leaves free at the end. */
const TITLE_MARGIN = 5;
const OUTPUT_MARGIN = 8;
/** Notes kept below a row. */
const NOTES = 3;

/** One step on the screen. Events may come before listr2 has got as far as its row: the row remembers them. */
class Row {
  readonly info: StepInfo;
  readonly #columns: () => number;
  readonly #rate = new Rate();
  readonly #notes: string[] = [];
  #progress = '';
  #suffix = '';
  #task: Task | undefined;
  #settle: (outcome: Outcome | 'never') => void = () => {};
  readonly #outcome = new Promise<Outcome | 'never'>((resolve) => {
    this.#settle = resolve;
  });

  constructor(info: StepInfo, columns: () => number) {
    this.info = info;
    this.#columns = columns;
  }

  /** What listr2 runs: it waits for the outcome that the run reports. */
  async attend(task: Task): Promise<void> {
    this.#task = task;
    this.#draw();
    const outcome = await this.#outcome;
    if (outcome === 'done') return;
    if (outcome === 'never') return task.skip();
    throw new Error(outcome);
  }

  progress(at: number, done: number, total: number | undefined): void {
    this.#rate.push(at, done);
    this.#progress = showProgress(done, total, this.#rate.value);
    this.#draw();
  }

  get started(): boolean {
    return this.#task !== undefined;
  }

  note(text: string): void {
    this.#notes.push(text);
    if (this.#notes.length > NOTES) this.#notes.shift();
    this.#draw();
  }

  end(outcome: Outcome, milliseconds: number): void {
    this.#progress = '';
    this.#suffix = outcome === 'done' ? `  ${showTime(milliseconds)}` : `  ${outcome} after ${showTime(milliseconds)}`;
    this.#draw();
    this.#settle(outcome);
  }

  /** The terminal has another width. */
  resized(): void {
    this.#draw();
  }

  never(): void {
    this.#settle('never');
  }

  get title(): string {
    return middle(printable(this.info.title), this.#columns() - TITLE_MARGIN - this.#suffix.length) + this.#suffix;
  }

  #draw(): void {
    if (!this.#task) return;
    const lines = [...this.#notes, this.#progress].filter((line) => line !== '');
    const output = lines.map((line) => middle(printable(line), this.#columns() - OUTPUT_MARGIN)).join('\n');
    if (this.#task.title !== this.title) this.#task.title = this.title;
    if ((this.#task.output ?? '') !== output) this.#task.output = output;
  }
}

/** Live rows on a terminal. The core drives, listr2 only draws: it neither rolls back nor listens to signals here. */
export class LiveView implements View {
  readonly #options: LiveOptions;
  #rows: Row[] = [];
  #current: Row | undefined;
  /** Everything that is drawn so far. */
  #drawn: Promise<unknown> = Promise.resolve();
  #failed = false;
  #begun = false;

  constructor(options: LiveOptions) {
    const { screen, unicode = true } = options;
    this.#options = unicode ? options : { ...options, screen: asciiOnly(screen) };
  }

  emit(event: RunEvent): void {
    switch (event.type) {
      case 'run:start':
        this.#rows = event.steps.map((info) => new Row(info, this.#columns));
        this.#begun = true;
        if (event.title !== undefined)
          this.#options.screen.write(`${wrapped(printable(event.title), this.#columns())}\n`);
        this.#drawn = this.#draw(this.#rows);
        break;
      case 'step:start':
        this.#current = this.#rows[event.step.index];
        if (this.#options.verbose && event.step.args.length > 0)
          this.#current?.note(`${event.step.verb} ${event.step.args.join(' ')}`);
        break;
      case 'step:progress':
        this.#rows[event.step.index]?.progress(event.at, event.progress.done, event.progress.total);
        break;
      case 'step:note':
        this.#rows[event.step.index]?.note(event.text);
        break;
      case 'step:end':
        this.#failed ||= event.outcome !== 'done';
        this.#rows[event.step.index]?.end(event.outcome, event.milliseconds);
        this.#current = undefined;
        break;
      case 'undo':
        this.#finishRows();
        if (!event.ok || this.#failed || this.#options.verbose) this.#line(undoLine(event, this.#columns()));
        break;
      case 'run:end':
        this.#finishRows();
        for (const line of leftoverLines(event.leftovers, this.#columns())) this.#line(line);
        this.#line(endLine(event));
        break;
      default:
        event satisfies never;
    }
  }

  after(write: () => void): void {
    if (this.#begun) this.#drawn = this.#drawn.then(write);
    else write();
  }

  stopping(): void {
    if (this.#current) this.#current.note(STOPPING);
    else this.#line(STOPPING);
  }

  async close(): Promise<void> {
    this.#finishRows();
    await this.#drawn;
    this.abandon();
  }

  abandon(): void {
    if (this.#begun) this.#options.screen.write(SHOW_CURSOR);
  }

  /** Some pseudo-terminals say 0. */
  readonly #columns = (): number => this.#options.screen.columns || 80;

  /** Rows that were not reached will not be any more. */
  #finishRows(): void {
    for (const row of this.#rows) row.never();
  }

  /** A line below the rows, when they are finished. */
  #line(line: string): void {
    this.after(() => void this.#options.screen.write(`${line}\n`));
  }

  async #draw(rows: readonly Row[]): Promise<void> {
    try {
      const { list, shown } = await makeList(rows, this.#options);
      const redraw = () => {
        for (const row of rows) row.resized();
      };
      await shown.during(() => list.run(), redraw);
    } catch {
      // A row that failed. What failed is told by the run's own events.
    }
  }
}

/** The screen, with what we draw in ASCII. */
function asciiOnly(screen: Screen): Screen {
  return {
    write: (text) => screen.write(inAscii(text)),
    get columns() {
      return screen.columns;
    },
    get rows() {
      return screen.rows;
    },
    on: (event, listener) => screen.on?.(event, listener),
    off: (event, listener) => screen.off?.(event, listener),
  } as Screen;
}

/** The frame without as many rows to come, one line each, as it is too long; log-update cuts the rest off above. */
function withoutLast(frame: string, height: number, rows: readonly Row[]): string {
  const lines = frame.split('\n');
  const tooMany = lines.length + 1 - height;
  const toCome = rows.filter((row) => !row.started).length;
  return tooMany <= 0 ? frame : lines.slice(0, lines.length - Math.min(tooMany, toCome)).join('\n');
}

async function makeList(rows: readonly Row[], options: LiveOptions): Promise<{ list: Listr; shown: Shown }> {
  const { DefaultRenderer, Listr, ListrLogger, ProcessOutput } = await importListr(options.color);
  const { screen } = options;
  // listr2 puts its own write in the place of the stream's while it draws: that is done to this stand-in, not to stderr.
  const shown = new Shown(screen);
  const stream = {
    write: (text: string) => shown.write(text),
    get columns() {
      return screen.columns || 80;
    },
    get rows() {
      return screen.rows || 24;
    },
  } as unknown as NodeJS.WriteStream;
  class StderrRenderer extends DefaultRenderer {
    // Whether there is a terminal was decided before, by looking at stderr; listr2 would look at stdout.
    static override nonTTY = true;

    /** Where the rows are more than the terminal has lines, those that are still to come are left out, not the one that runs. */
    override create(options?: Parameters<InstanceType<typeof DefaultRenderer>['create']>[0]): string {
      const frame = super.create(options);
      return options?.prompt === false ? frame : withoutLast(frame, screen.rows || 24, rows);
    }
  }
  const tasks: ListrTask<unknown, never, never>[] = rows.map((row) => ({
    title: row.title,
    task: (_, task) => row.attend(task as unknown as Task),
    rendererOptions: { persistentOutput: true } as never,
  }));
  const list = new Listr(tasks as unknown as ListrTask[], {
    renderer: StderrRenderer,
    rendererOptions: {
      logger: new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(stream, stream) }),
      formatOutput: 'truncate',
      // The title of a failed row stays; the error is printed once, at the end.
      showErrorMessage: false,
      showSkipMessage: false,
    },
    registerSignalListeners: false,
  }) as unknown as Listr;
  return { list, shown };
}

/** Colour is decided while listr2 is loaded, from the environment and from stdout alone, so both are set right for that moment. */
async function importListr(color: boolean): Promise<typeof import('listr2')> {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  set('NO_COLOR', color ? undefined : '1');
  set('FORCE_COLOR', color ? '1' : undefined);
  try {
    return await import('listr2');
  } finally {
    set('NO_COLOR', NO_COLOR);
    set('FORCE_COLOR', FORCE_COLOR);
  }
}
