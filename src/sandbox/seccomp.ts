/**
 * A seccomp filter in the form that the kernel reads (classic BPF), as `bwrap --seccomp` takes it. The filter allows what
 * interpreters and simulators use and refuses the calls that reach into other processes, into the kernel or out of the
 * namespaces. The list follows what Docker and systemd refuse by default.
 */

/** Numbers of one system call; null where an architecture does not have it. */
type Call = readonly [name: string, x64: number | null, arm64: number | null];

/** Refused with EPERM, whatever the arguments are. */
const refused: readonly Call[] = [
  // Other processes: their memory, their descriptors, their flow of control.
  ['ptrace', 101, 117],
  ['process_vm_readv', 310, 270],
  ['process_vm_writev', 311, 271],
  ['process_madvise', 440, 440],
  ['pidfd_getfd', 438, 438],
  ['kcmp', 312, 272],
  ['userfaultfd', 323, 282],
  ['perf_event_open', 298, 241],
  // Mounts and namespaces.
  ['mount', 165, 40],
  ['umount2', 166, 39],
  ['pivot_root', 155, 41],
  ['chroot', 161, 51],
  ['open_tree', 428, 428],
  ['move_mount', 429, 429],
  ['fsopen', 430, 430],
  ['fsconfig', 431, 431],
  ['fsmount', 432, 432],
  ['fspick', 433, 433],
  ['mount_setattr', 442, 442],
  ['unshare', 272, 97],
  ['setns', 308, 268],
  ['name_to_handle_at', 303, 264],
  ['open_by_handle_at', 304, 265],
  ['fanotify_init', 300, 262],
  // Keys, which namespaces do not separate.
  ['add_key', 248, 217],
  ['request_key', 249, 218],
  ['keyctl', 250, 219],
  // The kernel and the machine.
  ['bpf', 321, 280],
  ['io_uring_setup', 425, 425],
  ['io_uring_enter', 426, 426],
  ['io_uring_register', 427, 427],
  ['init_module', 175, 105],
  ['finit_module', 313, 273],
  ['delete_module', 176, 106],
  ['kexec_load', 246, 104],
  ['kexec_file_load', 320, 294],
  ['reboot', 169, 142],
  ['swapon', 167, 224],
  ['swapoff', 168, 225],
  ['acct', 163, 89],
  ['quotactl', 179, 60],
  ['quotactl_fd', 443, 443],
  ['syslog', 103, 116],
  ['sethostname', 170, 161],
  ['setdomainname', 171, 162],
  ['settimeofday', 164, 170],
  ['clock_settime', 227, 112],
  ['clock_adjtime', 305, 266],
  ['adjtimex', 159, 171],
  ['personality', 135, 92],
  ['vhangup', 153, 58],
  ['iopl', 172, null],
  ['ioperm', 173, null],
  ['uselib', 134, null],
  ['modify_ldt', 154, null],
];

interface Architecture {
  /** AUDIT_ARCH_… of linux/audit.h. */
  readonly audit: number;
  readonly column: 1 | 2;
  readonly clone: number;
  readonly socket: number;
  readonly ioctl: number;
}

const architectures: Readonly<Record<string, Architecture>> = {
  x64: { audit: 0xc000003e, column: 1, clone: 56, socket: 41, ioctl: 16 },
  arm64: { audit: 0xc00000b7, column: 2, clone: 220, socket: 198, ioctl: 29 },
};

/** `clone3` has its flags in memory, where a filter cannot look; C libraries fall back to `clone` on ENOSYS. */
const clone3 = 435;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. CLONE_NEWTIME cannot be asked of `clone`. */
const newNamespaces =
  0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK (which lists interfaces). */
const families = [1, 2, 10, 16];
/** TIOCSTI types into a terminal, TIOCLINUX pastes into a console. */
const terminalRequests = [0x5412, 0x541c];
/** Calls of the x32 ABI carry this bit on x64. */
const x32 = 0x4000_0000;

const eperm = 1;
const enosys = 38;
const eafnosupport = 97;

// Instructions: linux/filter.h and linux/bpf_common.h.
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const ret = (value: number): Instruction => [0x06, 0, 0, value];
const allow = ret(0x7fff_0000);
const kill = ret(0x8000_0000);
const refuse = (errno: number) => ret(0x0005_0000 | errno);
/** Skips `no` instructions unless the loaded word is `value`. */
const unlessEqual = (value: number, no: number): Instruction => [0x15, 0, no, value];
const unlessAnyBit = (bits: number, no: number): Instruction => [0x45, 0, no, bits];
const ifEqual = (value: number, yes: number): Instruction => [0x15, yes, 0, value];

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number];

// struct seccomp_data: number, architecture, instruction pointer, six arguments of 8 bytes.
const callNumber = 0;
const architecture = 4;
/** The low half of an argument; both architectures are little-endian. */
const argument = (index: number) => 16 + 8 * index;

/** The filter for a processor as `process.arch` names it; null for one that it does not know. */
export function seccompFilter(arch: string): Buffer | null {
  const machine = architectures[arch];
  if (machine === undefined) return null;
  const program: Instruction[] = [
    load(architecture),
    ifEqual(machine.audit, 1),
    kill,
    load(callNumber),
    // Another number for the same call must not pass.
    ...(arch === 'x64' ? [unlessAnyBit(x32, 1), refuse(eperm)] : []),
    unlessEqual(clone3, 1),
    refuse(enosys),
    ...refused.flatMap((call) => {
      const number = call[machine.column];
      return number === null ? [] : [unlessEqual(number, 1), refuse(eperm)];
    }),
    unlessEqual(machine.clone, 4),
    load(argument(0)),
    unlessAnyBit(newNamespaces, 1),
    refuse(eperm),
    allow,
    unlessEqual(machine.socket, families.length + 3),
    load(argument(0)),
    ...families.map((family, i) => ifEqual(family, families.length - i)),
    refuse(eafnosupport),
    allow,
    unlessEqual(machine.ioctl, terminalRequests.length * 2 + 1),
    load(argument(1)),
    ...terminalRequests.flatMap((request) => [unlessEqual(request, 1), refuse(eperm)]),
    allow,
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, jumpTrue, jumpFalse, k], i) => {
    bytes.writeUInt16LE(code, i * 8);
    bytes.writeUInt8(jumpTrue, i * 8 + 2);
    bytes.writeUInt8(jumpFalse, i * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, i * 8 + 4);
  });
  return bytes;
}

/** Names of the calls that are refused whatever their arguments are, for documents and tests. */
export const refusedCalls: readonly string[] = refused.map(([name]) => name);
