#!/usr/bin/env node
// A stand-in for QEMU as far as src/launch/run.ts sees it: QMP on a socket, stderr, an exit status. What it does comes from
// FAKE_QEMU, a JSON object; each start is noted, an argument a line, in the file `log`.
import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

const plan = JSON.parse(process.env.FAKE_QEMU ?? '{}');
const argv = process.argv.slice(2);
if (plan.log) appendFileSync(plan.log, `${JSON.stringify(argv)}\n`);
for (const line of plan.stderr ?? []) process.stderr.write(`qemu-system-x86_64: ${line}\n`);
// Neither Ctrl-C nor a question is heard any more.
if (plan.hung) process.on('SIGINT', () => {});
const fails = plan.failing !== undefined && argv.join(' ').includes(plan.failing);
if (plan.exitAtOnce !== undefined) process.exit(plan.exitAtOnce);

const path = /^unix:(.*),server=on,wait=off$/.exec(argv[argv.indexOf('-qmp') + 1])[1].replaceAll(',,', ',');
const server = createServer((socket) => {
  const say = (message) => socket.write(`${JSON.stringify(message)}\n`);
  socket.on('error', () => {});
  say({ QMP: { version: {}, capabilities: [] } });
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) answer(JSON.parse(line), say);
  });
});

function answer({ execute, arguments: given, id }, say) {
  if (plan.asked)
    appendFileSync(plan.asked, `${JSON.stringify([execute, given?.keys?.map(({ data }) => data)].flat())}\n`);
  if (plan.hung && execute !== 'qmp_capabilities' && execute !== 'query-status') return;
  if (execute === 'query-status') {
    say({ return: { status: fails ? 'internal-error' : 'running', running: !fails }, id });
  } else if (execute === 'screendump') {
    if (plan.noScreen) say({ error: { class: 'GenericError', desc: 'no surface' }, id });
    else {
      writeFileSync(given.filename, 'png');
      say({ return: {}, id });
    }
  } else if (execute === 'system_powerdown' && plan.hears !== undefined) {
    say({ return: {}, id });
    say({ event: 'SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' } });
    setTimeout(() => process.exit(plan.hears), 20);
  } else if (execute === 'quit') {
    if (plan.deaf) return;
    say({ return: {}, id });
    say({ event: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-quit' } });
    setTimeout(() => process.exit(0), 20);
  } else {
    say({ return: {}, id });
    if (execute !== 'qmp_capabilities') return;
    if (plan.ready) setTimeout(() => process.stderr.write('ready\n'), 300);
    setTimeout(() => {
      for (let i = 0; i < (plan.resets ?? 0); i++)
        say({ event: 'RESET', data: { guest: true, reason: 'guest-reset' } });
    }, 100);
    if (fails) say({ event: 'STOP' });
    // With -no-reboot that is QEMU's end.
    if (plan.restarts) {
      setTimeout(() => {
        say({ event: 'SHUTDOWN', data: { guest: true, reason: 'guest-reset' } });
        setTimeout(() => process.exit(0), 20);
      }, 50);
    }
    if (plan.killed) setTimeout(() => process.kill(process.pid, plan.killed), 100);
    if (plan.exitLater !== undefined) setTimeout(() => process.exit(plan.exitLater), 100);
  }
}
server.listen(path);
