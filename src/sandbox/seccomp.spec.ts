import { describe, expect, it } from '@jest/globals';
import { refusedCalls, seccompFilter } from './seccomp.js';

/** Runs a filter as the kernel does, for one call. Returns the action, such as 0x7fff0000 for *allow*. */
function verdictOf(filter: Buffer, audit: number, call: number, args: readonly number[] = []): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call >>> 0, 0);
  data.writeUInt32LE(audit >>> 0, 4);
  args.forEach((arg, i) => data.writeUInt32LE(arg >>> 0, 16 + 8 * i));
  let accumulator = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const code = filter.readUInt16LE(at * 8);
    const yes = filter.readUInt8(at * 8 + 2);
    const no = filter.readUInt8(at * 8 + 3);
    const k = filter.readUInt32LE(at * 8 + 4);
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x06) return k;
    else if (code === 0x15) at += accumulator === k ? yes : no;
    else if (code === 0x45) at += (accumulator & k) !== 0 ? yes : no;
    else throw new Error(`Instruction ${code} is not expected.`);
  }
  throw new Error('The filter ends without a verdict.');
}

const allow = 0x7fff_0000;
const refuse = (errno: number) => 0x0005_0000 | errno;
const x64 = 0xc000_003e;
const filter = seccompFilter('x64')!;
const verdict = (call: number, ...args: number[]) => verdictOf(filter, x64, call, args);

describe('the filter of system calls', () => {
  it('allows what every program uses', () => {
    // read, write, mmap, execve, exit, openat, futex, getpid
    for (const call of [0, 1, 9, 59, 60, 257, 202, 39]) expect(verdict(call)).toBe(allow);
  });

  it.each([
    ['ptrace', 101],
    ['process_vm_readv', 310],
    ['mount', 165],
    ['unshare', 272],
    ['keyctl', 250],
    ['io_uring_setup', 425],
    ['bpf', 321],
  ])('refuses %s', (name, call) => {
    expect(refusedCalls).toContain(name);
    expect(verdict(call)).toBe(refuse(1));
  });

  it('lets a process fork and have threads, and make no namespace', () => {
    expect(verdict(56, 0x11)).toBe(allow);
    expect(verdict(56, 0x3d0f00)).toBe(allow);
    for (let bit = 0x0200_0000; bit <= 0x4000_0000; bit *= 2)
      if (bit !== 0x0100_0000) expect(verdict(56, bit | 0x11)).toBe(refuse(1));
    expect(verdict(56, 0x0002_0000)).toBe(refuse(1));
    // Its flags cannot be seen: C libraries use clone then.
    expect(verdict(435)).toBe(refuse(38));
  });

  it('allows sockets of the machine and the internet only', () => {
    for (const family of [1, 2, 10, 16]) expect(verdict(41, family)).toBe(allow);
    for (const family of [0, 3, 17, 38, 40, 44]) expect(verdict(41, family)).toBe(refuse(97));
  });

  it('allows no typing into a terminal', () => {
    expect(verdict(16, 0, 0x5401)).toBe(allow);
    for (const request of [0x5412, 0x541c]) expect(verdict(16, 0, request)).toBe(refuse(1));
  });

  it('refuses other numbers for the same calls, and ends a process of another architecture', () => {
    expect(verdict(0x4000_0000 | 101)).toBe(refuse(1));
    expect(verdictOf(filter, 0x4000_0003, 26)).toBe(0x8000_0000);
  });

  it('knows arm64, and says so where it knows a processor not', () => {
    const arm = seccompFilter('arm64')!;
    const audit = 0xc000_00b7;
    expect(verdictOf(arm, audit, 117)).toBe(refuse(1));
    expect(verdictOf(arm, audit, 198, [2])).toBe(allow);
    expect(verdictOf(arm, audit, 220, [0x1000_0000])).toBe(refuse(1));
    expect(seccompFilter('riscv64')).toBeNull();
  });
});
