/// The one page: its style and script are in it, and nothing comes from elsewhere.
enum Page {
  static let html = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>swift-clip</title>
    <style>\(style)</style>
    </head>
    <body>
    <header>
      <h1>swift-clip</h1>
      <p id="about" aria-live="polite"></p>
    </header>
    <main>
      <section aria-labelledby="search-title">
        <h2 id="search-title">Find pictures</h2>
        <form id="search">
          <input id="query" type="search" placeholder="Describe a picture, or drop one here" aria-label="What to look for"
            autocomplete="off" maxlength="2000">
          <button type="submit">Search</button>
          <label class="file button">Picture…<input id="query-file" type="file" accept="image/jpeg,image/png,image/webp"></label>
        </form>
        <p id="found" class="note" aria-live="polite"></p>
        <ol id="hits"></ol>
      </section>
      <section aria-labelledby="classify-title">
        <h2 id="classify-title">Try your own classes</h2>
        <form id="classify">
          <div class="drop" id="drop" tabindex="0" role="button" aria-label="Choose a picture">
            <img id="preview" alt="" hidden><span id="hint">Drop a picture here, or click</span>
            <input id="picture" type="file" accept="image/jpeg,image/png,image/webp" hidden>
          </div>
          <div class="fields">
            <label for="names">Class names, one on every line</label>
            <textarea id="names" rows="6" spellcheck="false">dog\ncat\ncar\nhouse\nflower</textarea>
            <label for="template">Sentence around a name</label>
            <input id="template" value="a photo of a {}." spellcheck="false">
            <button type="submit">Classify</button>
          </div>
        </form>
        <p id="classified" class="note" aria-live="polite"></p>
        <ol id="classes"></ol>
      </section>
    </main>
    <script>\(script)</script>
    </body>
    </html>
    """

  private static let style = """
    :root { color-scheme: light dark; --back: #fafafa; --front: #1c1e21; --soft: #686d76; --line: #dcdfe4; --card: #fff;
      --accent: #2f6fde; --on-accent: #fff; --bad: #b3261e; --field: #868c96; }
    @media (prefers-color-scheme: dark) { :root { --back: #15171a; --front: #e8eaed; --soft: #9aa0a8; --line: #32363c;
      --card: #1e2125; --accent: #6ea4ff; --on-accent: #10131a; --bad: #ff8a80; --field: #7b818b; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--back); color: var(--front); font: 16px/1.5 system-ui, sans-serif; }
    header, main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.25rem; }
    header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
    h1 { font-size: 1.25rem; margin: 0; }
    h2 { font-size: 1.1rem; margin: 0 0 .75rem; }
    #about, .note { color: var(--soft); margin: 0; font-size: .9rem; }
    .note { min-height: 1.5em; margin: .5rem 0; }
    .note.bad { color: var(--bad); }
    section { margin-bottom: 2.5rem; }
    form { display: flex; flex-wrap: wrap; gap: .5rem; }
    input, textarea, button, .button { font: inherit; color: inherit; border: 1px solid var(--field); border-radius: .5rem;
      padding: .5rem .75rem; background: var(--card); }
    #query { flex: 1 1 16rem; min-width: 0; }
    button { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
    .button { cursor: pointer; }
    .file input { position: absolute; width: 1px; height: 1px; opacity: 0; }
    :focus-visible, .file:focus-within { outline: 3px solid var(--accent); outline-offset: 2px; }
    .over { outline: 3px dashed var(--accent); outline-offset: 4px; }
    #hits { list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem;
      grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); }
    #hits li { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow: hidden; display: flex;
      flex-direction: column; }
    #hits button:not(.other) { all: unset; display: block; cursor: pointer; }
    #hits button:not(.other):focus-visible { outline: 3px solid var(--accent); outline-offset: -3px; }
    #hits img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; }
    #hits p { margin: 0; padding: .5rem .6rem; font-size: .85rem; overflow-wrap: anywhere; }
    #hits .other { margin: auto .6rem .6rem; padding: .2rem .5rem; font-size: .8rem; font-weight: 500; background: none;
      color: var(--accent); border-color: var(--line); }
    #hits b { float: right; margin-left: .5rem; font-variant-numeric: tabular-nums; font-weight: 600; }
    .drop { flex: 1 1 14rem; min-height: 14rem; border: 2px dashed var(--line); border-radius: .75rem; display: grid;
      place-items: center; color: var(--soft); cursor: pointer; padding: .5rem; background: var(--card); }
    .drop img { max-width: 100%; max-height: 18rem; }
    .fields { flex: 2 1 18rem; display: flex; flex-direction: column; gap: .4rem; }
    .fields label { font-size: .9rem; color: var(--soft); }
    .fields button { align-self: flex-start; margin-top: .25rem; }
    #classes { list-style: none; margin: 0; padding: 0; }
    #classes li { display: grid; grid-template-columns: minmax(6rem, 14rem) 1fr 4.5rem; gap: .75rem; align-items: center;
      padding: .2rem 0; }
    #classes span { overflow-wrap: anywhere; }
    #classes i { height: .9rem; background: var(--accent); border-radius: .3rem; min-width: 2px; }
    #classes b { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
    """

  private static let script = """
    const at = id => document.getElementById(id), mostBytes = \(PageServer.mostBytes);
    function tell(id, text, bad) { at(id).textContent = text; at(id).classList.toggle('bad', !!bad); }
    async function ask(path, options) {
      const answer = await fetch(path, options).catch(() => { throw new Error('The server does not answer.'); });
      const result = await answer.json();
      if (!answer.ok) throw new Error(result.error);
      return result;
    }
    function picture(file) {
      if (file.size > mostBytes) throw new Error(`${file.name} has ${(file.size / 1048576).toFixed(0)} MiB, expected at most ${mostBytes / 1048576}.`);
      return { method: 'POST', headers: { 'Content-Type': file.type || 'application/octet-stream' }, body: file };
    }
    const json = value => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) });
    let latest = 0;
    async function search(make, what) {
      const number = ++latest;
      tell('found', 'Searching…');
      try {
        const result = await ask('/api/search', make());
        if (number !== latest) return;
        at('hits').replaceChildren(...result.results.map(hit => {
          const item = document.createElement('li'), button = document.createElement('button'), image = new Image();
          const text = document.createElement('p'), score = document.createElement('b');
          image.src = '/picture/' + hit.index; image.alt = hit.caption; image.loading = 'lazy';
          button.type = 'button'; button.title = 'Find pictures like this one (' + hit.key + ')';
          button.onclick = () => search(() => json({ like: hit.index }), 'like “' + hit.caption + '”');
          const other = document.createElement('button');
          other.type = 'button'; other.className = 'other'; other.textContent = 'Try classes';
          other.onclick = () => { take(hit.index); at('classify').scrollIntoView({ block: 'center' }); };
          button.append(image); score.textContent = hit.score.toFixed(3); text.append(score, hit.caption);
          item.append(button, text, other);
          return item;
        }));
        tell('found', `${result.results.length} best for ${what}, in ${(result.seconds * 1000).toFixed(0)} ms. Click a picture to find others like it.`);
      } catch (error) { if (number === latest) { at('hits').replaceChildren(); tell('found', error.message, true); } }
    }
    at('search').onsubmit = event => {
      event.preventDefault();
      const text = at('query').value.trim();
      if (text) search(() => json({ text }), '“' + text + '”'); else tell('found', 'Type what to look for, or drop a picture.', true);
    };
    const searchPicture = file => search(() => picture(file), file.name);
    at('query-file').onchange = event => { if (event.target.files[0]) searchPicture(event.target.files[0]); event.target.value = ''; };
    let chosen = null;
    function choose(file) {
      chosen = file;
      const image = at('preview');
      if (image.src) URL.revokeObjectURL(image.src);
      image.src = URL.createObjectURL(file); image.hidden = false; image.alt = file.name; at('hint').hidden = true;
      classify();
    }
    async function take(index) {
      try {
        const answer = await fetch('/picture/' + index);
        if (!answer.ok) throw new Error((await answer.json()).error);
        choose(new File([await answer.blob()], 'picture ' + index));
      } catch (error) { tell('classified', error.message, true); }
    }
    async function classify() {
      try {
        if (!chosen) throw new Error('Choose a picture first.');
        tell('classified', 'Classifying…');
        const names = at('names').value.split('\\n').map(name => name.trim()).filter(name => name);
        const query = new URLSearchParams(names.map(name => ['name', name]).concat([['template', at('template').value]]));
        const result = await ask('/api/classify?' + query, picture(chosen));
        at('classes').replaceChildren(...result.classes.map(found => {
          const item = document.createElement('li'), name = document.createElement('span'), bar = document.createElement('i');
          const share = document.createElement('b');
          name.textContent = found.name; bar.style.width = 100 * found.probability + '%';
          share.textContent = (100 * found.probability).toFixed(1) + ' %'; item.title = 'cosine ' + found.score.toFixed(3);
          item.append(name, bar, share);
          return item;
        }));
        tell('classified', `${chosen.name}, in ${(result.seconds * 1000).toFixed(0)} ms.`);
      } catch (error) { at('classes').replaceChildren(); tell('classified', error.message, true); }
    }
    at('classify').onsubmit = event => { event.preventDefault(); classify(); };
    at('drop').onclick = () => at('picture').click();
    at('drop').onkeydown = event => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); at('picture').click(); } };
    at('picture').onchange = event => { if (event.target.files[0]) choose(event.target.files[0]); event.target.value = ''; };
    for (const [place, take] of [[at('drop'), choose], [at('search'), searchPicture]]) {
      place.ondragover = event => { event.preventDefault(); place.classList.add('over'); };
      place.ondragleave = () => place.classList.remove('over');
      place.ondrop = event => {
        event.preventDefault(); place.classList.remove('over');
        const file = event.dataTransfer.files[0];
        if (file) take(file);
      };
    }
    const wanted = new URLSearchParams(location.search);
    if (wanted.get('q')) { at('query').value = wanted.get('q'); at('search').requestSubmit(); }
    if (wanted.get('classify')) take(wanted.get('classify'));
    ask('/api/about').then(about => tell('about', `${about.model} · ${about.pictures.toLocaleString('en')} pictures`),
      error => tell('about', error.message, true));
    """
}
