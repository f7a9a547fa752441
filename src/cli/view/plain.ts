import type { RunEvent } from '../../core/events.js';
import { jsonText } from '../lines/index.js';
import {
  endLine,
  leftoverLines,
  noteLine,
  outcomeWord,
  percent,
  printable,
  showProgress,
  showTime,
  stepLine,
  undoLine,
} from './format.js';
import { Rate } from './rate.js';
import { wrapped } from './terminal.js';

/** Draws what a run says. */
export interface View {
  emit(event: RunEvent): void;
  /** Lets something else be written when it cannot spoil what is drawn: results, remarks. */
  after(write: () => void): void;
  /** The user wants to stop, and must see that it was heard. */
  stopping(): void;
  /** All is drawn and the terminal is as it was when this resolves. */
  close(): Promise<void>;
  /** The same at once, without waiting: the process is about to exit. */
  abandon(): void;
}

export const STOPPING = 'Stopping (Ctrl-C again leaves at once)';

/** Per cent between two lines about a step's progress. */
const COARSE = 20;

export interface PlainOptions {
  readonly write: (line: string) => void;
  /** Notes, undo lines of good runs, the steps' arguments. */
  readonly verbose?: boolean;
  /** Only what must not be missed: what could not be undone. */
  readonly quiet?: boolean;
  /** Columns; unlimited in a log. */
  readonly columns?: number | undefined;
}

/** Plain lines for logs, pipes and dumb terminals. */
export function plainView({ write, verbose = false, quiet = false, columns }: PlainOptions): View {
  let count = 0;
  let failed = false;
  let rate = new Rate();
  let told = 0;
  const say = (line: string) => {
    if (!quiet) write(line);
  };
  return {
    emit(event) {
      switch (event.type) {
        case 'run:start':
          count = event.steps.length;
          if (event.title !== undefined) say(wrapped(printable(event.title), columns));
          break;
        case 'step:start':
          rate = new Rate();
          told = 0;
          say(stepLine(event.step, count, '', columns));
          if (verbose && event.step.args.length > 0)
            say(noteLine(`${event.step.verb} ${event.step.args.join(' ')}`, count, columns));
          break;
        case 'step:progress': {
          const { done, total } = event.progress;
          rate.push(event.at, done);
          if (total === undefined || total <= 0) break;
          const now = Math.floor(percent(done, total) / COARSE) * COARSE;
          if (now <= told || now >= 100) break;
          told = now;
          say(noteLine(showProgress(done, total, rate.value), count, columns));
          break;
        }
        case 'step:note':
          say(noteLine(event.text, count, columns));
          break;
        case 'step:end':
          failed ||= event.outcome !== 'done';
          say(stepLine(event.step, count, `: ${outcomeWord(event.outcome)} ${showTime(event.milliseconds)}`, columns));
          break;
        case 'undo':
          if (!event.ok) write(undoLine(event, columns));
          else if (failed || verbose) say(undoLine(event, columns));
          break;
        case 'run:end':
          for (const line of leftoverLines(event.leftovers, columns)) write(line);
          say(endLine(event));
          break;
        default:
          event satisfies never;
      }
    },
    after: (other) => other(),
    stopping: () => write(STOPPING),
    close: async () => {},
    abandon: () => {},
  };
}

/** Every event as one line of JSON, for programs. */
export function jsonView(write: (line: string) => void): View {
  return {
    emit: (event) => write(jsonText(event)),
    after: (other) => other(),
    stopping: () => {},
    close: async () => {},
    abandon: () => {},
  };
}
