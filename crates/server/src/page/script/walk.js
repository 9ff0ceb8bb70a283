
// The doctor's walk: what the server says of it is put in the page while it goes on.
(() => {
  const LOOK_EVERY = 400;
  const region = document.querySelector('[data-walk]');
  if (region === null) return;
  const form = document.querySelector('form.walk');

  /** Lets the server answer at once: the steps are looked at here. */
  const live = document.createElement('input');
  Object.assign(live, { type: 'hidden', name: 'live', value: '1' });
  form.append(live);

  const state = () => region.querySelector('[data-state]')?.dataset.state;
  let shown = '';

  async function look() {
    if (state() !== 'walks' && state() !== 'waits') return;
    try {
      const answer = await fetch('/connect/steps', { headers: { accept: 'text/html' } });
      if (!answer.ok) return;
      const steps = await answer.text();
      // Written anew only where it differs, or a link in it could hardly be pressed.
      if (steps !== shown) region.innerHTML = steps;
      shown = steps;
      // The button stops no more, it begins.
      if (state() === 'over') {
        const button = form.querySelector('button');
        button.value = 'walk';
        button.textContent = 'Walk';
        say(region.querySelector('[data-state]').textContent);
        return;
      }
    } catch {
      // The server was stopped meanwhile: the next look tells.
    }
    setTimeout(look, LOOK_EVERY);
  }
  look();
})();
