import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readProgramHeader } from '../../src/oci/program-header.ts';

/** The first 64 bytes of an ELF program without program headers. */
function elf(machine: number, { bits = 64, order = 'LE', type = 2, abi = 0 } = {}): Buffer {
  const bytes = Buffer.alloc(128);
  bytes.write('\x7fELF', 'latin1');
  bytes.set([bits / 32, order === 'LE' ? 1 : 2, 1, abi], 4);
  if (order === 'LE') {
    bytes.writeUInt16LE(type, 16);
    bytes.writeUInt16LE(machine, 18);
  } else {
    bytes.writeUInt16BE(type, 16);
    bytes.writeUInt16BE(machine, 18);
  }
  return bytes;
}

function mach(cpu: number): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32BE(0xcffaedfe, 0);
  bytes.writeUInt32LE(cpu, 4);
  return bytes;
}

function pe(machine: number): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.write('MZ');
  bytes.writeUInt32LE(0x80, 0x3c);
  bytes.write('PE\0\0', 0x80);
  bytes.writeUInt16LE(machine, 0x84);
  return bytes;
}

describe('the platform of a program is in its header', () => {
  test.each<[string, Buffer, string | undefined]>([
    ['x86-64', elf(62), 'linux/amd64'],
    ['x86-64 by its own ABI number', elf(62, { abi: 3 }), 'linux/amd64'],
    ['a position-independent one', elf(62, { type: 3 }), 'linux/amd64'],
    ['ARM, 64 bits', elf(183), 'linux/arm64'],
    ['ARM, 32 bits', elf(40, { bits: 32 }), 'linux/arm'],
    ['x86, 32 bits', elf(3, { bits: 32 }), 'linux/386'],
    ['POWER, little end first', elf(21), 'linux/ppc64le'],
    ['POWER, big end first', elf(21, { order: 'BE' }), undefined],
    ['Z', elf(22, { order: 'BE' }), 'linux/s390x'],
    ['RISC-V', elf(243), 'linux/riscv64'],
    ['FreeBSD', elf(62, { abi: 9 }), 'freebsd/amd64'],
    ['an object file', elf(62, { type: 1 }), undefined],
    ['a Mac of Intel', mach(0x1000007), 'darwin/amd64'],
    ['a Mac of ARM', mach(0x100000c), 'darwin/arm64'],
    ['Windows', pe(0x8664), 'windows/amd64'],
    ['a script', Buffer.from('#!/bin/sh\n'), undefined],
    ['text', Buffer.from('oras'), undefined],
    ['nothing', Buffer.alloc(0), undefined],
    ['the first bytes of one', elf(62).subarray(0, 17), undefined],
    ['a Windows program that is cut off', pe(0x8664).subarray(0, 0x82), undefined],
  ])('%s', (_, bytes, platform) => {
    expect(readProgramHeader(bytes).platform).toBe(platform);
  });

  test('of the Node that runs this', () => {
    const bytes = readFileSync(process.execPath);
    const { platform, interpreter } = readProgramHeader(bytes);
    expect(platform).toBe(process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64');
    expect(interpreter).toMatch(/^\/lib.*\/ld-linux-.*\.so\.\d$/);
  });
});
