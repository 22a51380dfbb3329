/** Cuts a byte stream into lines. A line may be tens of megabytes, so its pieces are joined once, at its end. */
export function lineSplitter(onLine: (line: string) => void): (chunk: Buffer) => void {
  let pieces: Buffer[] = [];
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10, from); end !== -1; end = chunk.indexOf(10, from)) {
      pieces.push(chunk.subarray(from, end));
      const line = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
      pieces = [];
      from = end + 1;
      if (line.length > 0) onLine(line.toString('utf8'));
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from));
  };
}
