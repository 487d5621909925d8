// sharp: a pipeline from the file for each rendition; tuned, one decode for all of them.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const [source, warm, folder, set, way] = process.argv.slice(2);
const sharp = createRequire(`${process.env.BENCH_SHARP}/`)('sharp');
const { sets, quality, effort } = JSON.parse(process.env.BENCH_SETS);
const ENOUGH = 1.5;
sharp.cache(false);

function sized(image, kind, [width, height]) {
  const fit = kind === 'crop' ? 'cover' : 'inside';
  const box = height < 1e6 ? { width, height } : { width };
  return image.resize({ ...box, fit, withoutEnlargement: true });
}

function written(image, name, format, options) {
  const ways = { jpg: 'jpeg', webp: 'webp', png: 'png' };
  return image.toFormat(ways[format], options).toFile(`${folder}/${name}.${format}`);
}

async function idiomatic(path, wanted) {
  for (const [name, kind, box, formats] of wanted)
    for (const format of formats)
      await written(sized(sharp(path), kind, box), name, format, format === 'png' ? {} : { quality });
}

async function tuned(path, wanted) {
  const levels = [];
  for (const [name, kind, box, formats] of wanted) {
    const least = kind === 'crop' ? Math.min : Math.max;
    const larger = levels.filter(
      ({ info }) => least(info.width / box[0], info.height / box[1]) >= ENOUGH
    );
    const level = larger.at(-1) ?? levels[0];
    const image = level ? sharp(level.data, { raw: level.info }) : sharp(path);
    const made = await sized(image, kind, box).raw().toBuffer({ resolveWithObject: true });
    if (kind === 'fit') levels.push(made);
    levels.sort((a, b) => b.info.width - a.info.width);
    for (const format of formats) {
      const options = { jpg: { quality }, webp: { quality, effort }, png: {} }[format];
      await written(sharp(made.data, { raw: made.info }), name, format, options);
    }
  }
}

const make = way === 'tuned' ? tuned : idiomatic;
await make(warm, sets[set]);
const before = process.cpuUsage();
const start = performance.now();
await make(source, sets[set]);
const used = process.cpuUsage(before);
const peak = readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s+(\d+)/)[1] / 1024;
const cpu = (used.user + used.system) / 1e6;
console.log(JSON.stringify({ cpu, wall: (performance.now() - start) / 1e3, peak }));
