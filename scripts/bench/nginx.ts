import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RangeSet } from '../../src/remote/range-set.js';
import type { FileServer } from './file-server.js';

/** Clock ticks a second in /proc, on all of Linux. */
const TICKS = 100;

/** Whether this machine has an nginx, and a system that says what it cost. */
export function hasNginx(): boolean {
  return process.platform === 'linux' && spawnSync('nginx', ['-v']).status === 0;
}

/**
 * Serves a file by a real server, which has the system send it from the page cache: on the machine that also builds, one in JavaScript
 * takes a sixth of the processor, which Apple's does not. Its log says what was asked for.
 */
export async function serveByNginx(path: string): Promise<FileServer> {
  const folder = await mkdtemp(join(tmpdir(), 'osx-iso-nginx-'));
  const port = await freePort();
  const [config, log] = [join(folder, 'conf'), join(folder, 'log')];
  await writeFile(config, configuration({ port, root: dirname(path), log }));
  const child = spawn('nginx', ['-p', folder, '-c', config, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'close');
  await reachable(port, () => child.exitCode !== null);
  return {
    title: 'nginx',
    url: `http://127.0.0.1:${port}/${basename(path)}`,
    async close() {
      const cpu = await secondsOf(child.pid!);
      child.kill('SIGQUIT');
      await ended;
      const asked = new RangeSet();
      const answers = parseLog(await readFile(log, 'latin1'));
      for (const { from, sent } of answers) asked.add(from, from + sent);
      await rm(folder, { recursive: true });
      const sent = answers.reduce((sum, answer) => sum + answer.sent, 0);
      return { requests: answers.length, sent, sentOnce: asked.total, cpu };
    },
  };
}

function configuration({ port, root, log }: { port: number; root: string; log: string }): string {
  return `daemon off;
master_process off;
worker_processes 1;
pid pid;
events {}
http {
  log_format ranges '$http_range $status $body_bytes_sent';
  access_log ${log} ranges buffer=64k;
  sendfile on;
  sendfile_max_chunk 1m;
  keepalive_requests 1000000;
  client_body_temp_path client; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port};
    root "${root}";
  }
}
`;
}

/** Of each answer: where its bytes begin, and how many were sent. */
function parseLog(text: string): { readonly from: number; readonly sent: number }[] {
  return [...text.matchAll(/^bytes=(\d+)-\d+ 206 (\d+)$/gm)].map(([, from, sent]) => ({
    from: Number(from),
    sent: Number(sent),
  }));
}

/** User and system time of a process: fields 14 and 15 of /proc/PID/stat, behind its name in brackets. */
async function secondsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Until somebody listens there. Throws where the server ended instead. */
async function reachable(port: number, isGone: () => boolean): Promise<void> {
  for (;;) {
    if (isGone()) throw new Error('nginx did not start');
    const socket = connect(port, '127.0.0.1');
    const answers = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (answers) return;
    await sleep(20);
  }
}
