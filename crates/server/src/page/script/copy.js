
// Buttons that copy: `data-copy` holds the words, or `data-copy-from` names the element that does.

/** Tells a screen reader what was done. */
function say(words) {
  document.getElementById('status').textContent = words;
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-copy], button[data-copy-from]');
  if (button === null) return;
  const from = document.getElementById(button.dataset.copyFrom);
  const words = button.dataset.copy ?? from?.value ?? from?.textContent ?? '';
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(words);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed: select it instead';
  }
  say(button.textContent);
  setTimeout(() => { button.textContent = label; }, 1500);
});
