/** Says a number again after so long. */
interface Wish {
  readonly number: number;
  readonly ms: number;
}

addEventListener('message', ({ data }: MessageEvent<Wish>) => {
  setTimeout(() => postMessage(data.number), data.ms);
});
