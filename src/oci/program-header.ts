/** What the first bytes of a program say of it. */
export interface ProgramHeader {
  /** `linux/amd64` and so on, with Go's words for both; undefined where they say none of those that are known. */
  readonly platform: string | undefined;
  /** `an ELF program`, `a script`: for a message. */
  readonly kind: string;
  /** Of a dynamically linked one the loader that must be on the host: `/lib64/ld-linux-x86-64.so.2`. */
  readonly interpreter?: string;
}

/** e_machine (elf.h), by how many bits and in which byte order. */
const elfMachines: Readonly<Record<string, string>> = {
  '3 32 LE': '386',
  '62 64 LE': 'amd64',
  '40 32 LE': 'arm',
  '183 64 LE': 'arm64',
  '258 64 LE': 'loong64',
  '21 64 LE': 'ppc64le',
  '243 64 LE': 'riscv64',
  '22 64 BE': 's390x',
};

/** cputype (mach/machine.h). */
const machMachines: Readonly<Record<number, string>> = { 16777223: 'amd64', 16777228: 'arm64' };

/** Machine (PE format, "Machine Types"). */
const peMachines: Readonly<Record<number, string>> = {
  332: '386',
  34404: 'amd64',
  43620: 'arm64',
};

/** Reads the header of an ELF, Mach-O or PE program. @param bytes the whole file */
export function readProgramHeader(bytes: Buffer): ProgramHeader {
  try {
    if (bytes.toString('latin1', 0, 4) === '\x7fELF') return elfHeader(bytes);
    if (startsWith(bytes, 0xcffaedfe)) return machHeader(bytes);
    if (startsWith(bytes, 0xcafebabe)) return { platform: undefined, kind: 'a universal Mach-O' };
    if (bytes.toString('latin1', 0, 2) === 'MZ') return peHeader(bytes);
  } catch (error) {
    // A read behind the end.
    if (!(error instanceof RangeError)) throw error;
    return { platform: undefined, kind: 'a program that is cut off' };
  }
  const kind = bytes.toString('latin1', 0, 2) === '#!' ? 'a script' : 'no program';
  return { platform: undefined, kind };
}

function startsWith(bytes: Buffer, magic: number): boolean {
  return bytes.length >= 4 && bytes.readUInt32BE(0) === magic;
}

interface Elf {
  readonly is64: boolean;
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  /** A field that is as wide as an address. */
  readonly word: (at: number) => number;
}

const executable = 2;
const shared = 3;

function elfHeader(bytes: Buffer): ProgramHeader {
  const is64 = bytes.readUInt8(4) === 2;
  const isLittle = bytes.readUInt8(5) === 1;
  const u16 = (at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const u64 = (at: number) => (isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  const elf = { is64, u16, u32, word: (at: number) => (is64 ? Number(u64(at)) : u32(at)) };
  const type = u16(16);
  if (type !== executable && type !== shared) return { platform: undefined, kind: 'an ELF object' };
  const machine = elfMachines[`${u16(18)} ${is64 ? 64 : 32} ${isLittle ? 'LE' : 'BE'}`];
  const os = elfSystem(bytes.readUInt8(7));
  const interpreter = interpreterOf(bytes, elf);
  return {
    platform: machine && os && `${os}/${machine}`,
    kind: 'an ELF program',
    ...(interpreter === undefined ? {} : { interpreter }),
  };
}

/** EI_OSABI; Linux leaves it 0, as System V has it. */
function elfSystem(abi: number): string | undefined {
  return { 0: 'linux', 3: 'linux', 9: 'freebsd' }[abi];
}

const programInterpreter = 3;

/** The program header PT_INTERP names the loader. */
function interpreterOf(bytes: Buffer, { is64, u16, u32, word }: Elf): string | undefined {
  const start = word(is64 ? 32 : 28);
  const [size, count] = [u16(is64 ? 54 : 42), u16(is64 ? 56 : 44)];
  for (let n = 0; n < count; n++) {
    const at = start + n * size;
    if (u32(at) !== programInterpreter) continue;
    const offset = word(at + (is64 ? 8 : 4));
    const length = word(at + (is64 ? 32 : 16));
    return bytes.toString('latin1', offset, offset + Math.min(length, 256)).replace(/\0.*$/s, '');
  }
  return undefined;
}

function machHeader(bytes: Buffer): ProgramHeader {
  const machine = machMachines[bytes.readUInt32LE(4)];
  return { platform: machine && `darwin/${machine}`, kind: 'a Mach-O program' };
}

function peHeader(bytes: Buffer): ProgramHeader {
  const at = bytes.readUInt32LE(0x3c);
  const machine = peMachines[bytes.readUInt16LE(at + 4)];
  return { platform: machine && `windows/${machine}`, kind: 'a Windows program' };
}
