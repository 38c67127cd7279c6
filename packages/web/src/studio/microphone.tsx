/** Choosing the microphone and its processing, with the level; in the sound check and on stage alike. */
import type { Speaking, VoiceProcessing } from '@parterre/client';
import { useWords } from '../i18n/context.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { Meter } from './meter.tsx';
import { STUDIO_WORDS } from './words.ts';

export function MicrophoneSettings({ speaking }: { speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  const { microphone, devices } = speaking;
  const open = microphone.phase === 'open';
  return (
    <div class="stack">
      {devices.length === 0 ? null : (
        <label class="labelled">
          <span>{words.device}</span>
          <select
            class="field"
            value={open ? microphone.deviceId : ''}
            onChange={(event) => void speaking.useDevice(event.currentTarget.value)}
          >
            {devices.map((device, index) => (
              <option key={device.deviceId} value={device.deviceId}>
                {device.label || words.unnamedDevice(index + 1)}
              </option>
            ))}
          </select>
        </label>
      )}
      {open ? (
        <div class="labelled">
          <span>{words.level}</span>
          <Meter read={() => speaking.inputLevel} />
        </div>
      ) : null}
      {open ? <Processing speaking={speaking} processing={microphone.processing} /> : null}
    </div>
  );
}

function Processing(props: { speaking: Speaking; processing: VoiceProcessing }) {
  const { speaking, processing } = props;
  const words = useWords(STUDIO_WORDS);
  const switches = ['echoCancellation', 'noiseSuppression', 'autoGainControl'] as const;
  return (
    <fieldset>
      <legend class="small legend">{words.processing}</legend>
      {switches.map((name) => (
        <label key={name} class="check">
          <input
            type="checkbox"
            checked={processing[name]}
            onChange={(event) =>
              void speaking.setProcessing({ [name]: event.currentTarget.checked })
            }
          />
          <span>
            {words[name]}
            {name === 'echoCancellation' ? <small class="soft hint">{words.echoHint}</small> : null}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** What is wrong with the microphone, if anything, with the way out. */
export function MicrophoneTrouble({ speaking }: { speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  const { microphone } = speaking;
  if (microphone.phase === 'interrupted') {
    return (
      <p class="notice" role="alert">
        {words.interrupted}
      </p>
    );
  }
  if (microphone.phase !== 'failed') return null;
  return (
    <Notice code={microphone.code}>
      {microphone.code === 'insecure_context' ? (
        <div>
          <h2>{words.httpsHow}</h2>
          <ol>
            {words.httpsSteps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </div>
      ) : (
        <TurnOn speaking={speaking} />
      )}
    </Notice>
  );
}

/** Asks for the microphone, before the stage or on it. */
export function TurnOn({ speaking }: { speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  const opening = speaking.microphone.phase === 'opening';
  return (
    <button
      type="button"
      class="button button-primary"
      disabled={opening}
      onClick={() => void speaking.openMicrophone()}
    >
      <Icon name="mic" />
      {opening ? words.opening : words.allow}
    </button>
  );
}
