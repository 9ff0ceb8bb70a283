
// The search page: results as one types, and the keyboard among them.

/** How long typing must pause before it is asked, in milliseconds. */
const PAUSE_MS = 120;

(() => {
  const form = document.querySelector('form[data-live]');
  if (form === null) return;
  const box = document.getElementById('question');
  const results = document.getElementById(form.dataset.live);
  // What stands on the front page below the box makes room for results.
  const around = [...results.parentElement.querySelectorAll(':scope > section')];
  let timer = null;
  let running = null;

  function address() {
    const query = new URLSearchParams(new FormData(form));
    return query.get('q') === '' ? '/' : `/search?${query}`;
  }

  async function ask() {
    const at = address();
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(at, { headers: { 'x-ibid-part': 'results' }, signal: running.signal });
      if (!answer.ok && answer.status !== 400) { location.assign(at); return; }
      results.innerHTML = await answer.text();
      around.forEach((section) => { section.hidden = box.value !== ''; });
      history.replaceState(null, '', at);
      document.title = box.value === '' ? 'ibid' : `${box.value} – search`;
      say(results.querySelector('.count')?.textContent ?? '');
    } catch (error) {
      if (error.name !== 'AbortError') say('The server cannot be reached.');
    }
  }

  box.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(timer);
    ask();
  });

  document.addEventListener('keydown', (event) => {
    const hits = [...results.querySelectorAll('.hit h2 a, .hit .place a')];
    const at = hits.indexOf(document.activeElement);
    const inBox = document.activeElement === box;
    if (event.key === 'Escape' && (inBox || at >= 0)) {
      event.preventDefault();
      if (inBox && box.value !== '') {
        box.value = '';
        ask();
      }
      box.focus();
      return;
    }
    if (isTyping(event) && !(inBox && event.key === 'ArrowDown')) return;
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (step === undefined || (at < 0 && !inBox && document.activeElement !== document.body)) return;
    const next = at + step;
    event.preventDefault();
    if (next < 0) box.focus(); else hits[Math.min(next, hits.length - 1)]?.focus();
  });
})();
