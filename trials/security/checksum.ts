/** Puts the checksum into a header of 512 bytes that a reader of tar expects (POSIX ustar). */
export function setChecksum(header: Buffer): void {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}
