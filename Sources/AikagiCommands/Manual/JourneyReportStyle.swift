extension JourneyReportPage {
    /// How the page looks, from a phone's screen to a wall; light and dark.
    static let style = """
        :root{color-scheme:light dark;--ink:#1b2533;--soft:#5a687c;--paper:#eef1f5;--card:#fff;--line:#d5dce6;--accent:#0b5c8f;--good:#1b7a4b;--bad:#b3261e;--tint:#e4f0f8}
        @media(prefers-color-scheme:dark){:root{--ink:#e8edf4;--soft:#a3b1c4;--paper:#10161f;--card:#1a2331;--line:#33415a;--accent:#7cc4f2;--good:#7fd3a6;--bad:#ff9d94;--tint:#1d3245}}
        *{box-sizing:border-box}html{scroll-padding-top:4.5rem}@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
        body{margin:0;font:16px/1.65 system-ui,"Hiragino Sans","Noto Sans JP","Noto Sans CJK JP","Yu Gothic UI",sans-serif;color:var(--ink);background:var(--paper)}
        html[data-language=ja] [lang=en]:not(.always),html[data-language=en] [lang=ja]:not(.always){display:none}
        .top{position:sticky;top:0;z-index:2;background:var(--card);border-bottom:1px solid var(--line)}
        .top>div,main{max-width:78rem;margin:0 auto;padding:.7rem 1.25rem}.top>div{display:flex;justify-content:space-between;align-items:center;gap:1rem}
        h1{margin:0;font-size:1.25rem;line-height:1.3}.switch{display:flex;flex:none;border:1px solid var(--line);border-radius:2rem;overflow:hidden}
        .switch button{border:0;background:none;color:var(--soft);font:inherit;font-size:.9rem;padding:.35rem 1rem;min-height:2.5rem;cursor:pointer}
        html[data-language=ja] .switch [lang=ja],html[data-language=en] .switch [lang=en]{background:var(--accent);color:var(--card);font-weight:600}
        .summary{background:var(--card);border-radius:1rem;padding:1.25rem 1.5rem;margin:1rem 0 0;border-left:.5rem solid var(--good)}.summary.bad{border-color:var(--bad)}.summary.left{border-color:var(--soft)}
        .verdict{font-size:1.3rem;font-weight:700;line-height:1.4;margin:0 0 .8rem;color:var(--good)}.bad .verdict,.failures,.failure{color:var(--bad)}.left .verdict{color:var(--soft)}
        .failures{margin:0 0 1rem;padding-left:1.2rem}dl{margin:0}dt{font-weight:600;font-size:.9rem;color:var(--soft);margin-top:.6rem}
        dd{margin:.3rem 0 0;display:flex;flex-wrap:wrap;gap:.5rem}.chip{display:inline-flex;align-items:center;gap:.5rem;padding:.35rem .9rem;border-radius:2rem;border:1px solid var(--line);color:inherit;text-decoration:none;font-size:.92rem;min-height:2.5rem}
        .chip:hover{border-color:var(--accent)}.chip b{color:var(--good)}.chip.bad b{color:var(--bad)}.chip.left{color:var(--soft)}.chip.left b{color:inherit}.chip.left .badge{background:var(--soft)}.made,.where,.time{color:var(--soft);font-size:.85rem}.made{margin:1rem 0 0}
        .badge{background:var(--accent);color:var(--card);border-radius:.5rem;padding:.05rem .55rem;font-weight:700;font-size:.85em}
        .journey{margin:3rem 0 0;padding-bottom:.4rem;border-bottom:2px solid var(--accent)}h2{margin:0;font-size:1.45rem;line-height:1.35}.where{margin:.1rem 0 0}
        h3{display:flex;align-items:center;gap:.7rem;margin:2rem 0 .2rem;font-size:1.15rem;line-height:1.4}
        .cards{list-style:none;margin:1rem 0 0;padding:0;display:grid;gap:1.25rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));align-items:start}
        .card{background:var(--card);border:1px solid var(--line);border-radius:.9rem;overflow:hidden;box-shadow:0 1px 2px rgb(0 0 0/.06),0 6px 18px rgb(0 0 0/.05)}
        .card.failed{border:2px solid var(--bad)}.card.skipped,.card.notReached{opacity:.7}.card:target{outline:3px solid var(--accent);outline-offset:2px}
        h4{display:flex;align-items:baseline;gap:.6rem;margin:0;padding:.75rem 1rem;font-size:1rem;line-height:1.45}
        .number{flex:none;background:var(--tint);color:var(--accent);border-radius:.45rem;padding:0 .5rem;font-variant-numeric:tabular-nums;font-size:.9rem}
        .mark{color:var(--bad);font-weight:700}.skipped .mark,.notReached .mark{color:var(--soft)}
        .picture{display:block;border-block:1px solid var(--line);background:var(--paper);cursor:zoom-in}.picture img{display:block;width:100%;height:auto}
        .words{padding:.7rem 1rem .8rem}.words p{margin:0}.words p+p{margin-top:.4rem}.what{color:var(--soft)}.note{margin:.8rem 0 0;max-width:62rem;background:var(--tint);border-radius:.7rem;padding:.7rem 1rem}.seen{border-left:.25rem solid var(--accent);padding-left:.7rem}.failure{font-weight:600}.words .time{margin-top:.35rem}.card .words:empty{display:none}
        a{color:var(--accent)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}footer{margin:3rem 0 2rem;color:var(--soft);font-size:.9rem}
        dialog{border:0;padding:0;margin:0;width:100%;height:100%;inset:0;max-width:none;max-height:none;background:rgb(8 12 18/.94);color:#fff}
        dialog figure{margin:0;height:100%;display:grid;grid-template-rows:minmax(0,1fr) auto;justify-items:center;align-items:center;padding:3.2rem .6rem .8rem;gap:.6rem}
        dialog img{max-width:100%;max-height:100%;object-fit:contain;border-radius:.4rem}dialog figcaption{font-size:1rem;text-align:center}
        dialog button{position:absolute;z-index:1;width:3rem;height:3rem;border:0;border-radius:50%;background:rgb(255 255 255/.16);color:#fff;font-size:1.6rem;line-height:1;cursor:pointer}
        .close{top:.5rem;right:.6rem}.turn{top:50%}.before{left:.6rem}.after{right:.6rem}
        @media(max-width:40rem){.turn{top:auto;bottom:3.4rem}main{padding:.4rem .8rem}.summary{padding:1rem}.top>div{padding:.5rem .8rem}h1{font-size:1rem}.switch button{padding:.35rem .75rem;font-size:.85rem}}
        @page{margin:12mm}
        @media print{:root{color-scheme:light;--ink:#1b2533;--soft:#4a576a;--paper:#fff;--card:#fff;--line:#c3ccd8;--accent:#0b5c8f;--good:#1b7a4b;--bad:#b3261e;--tint:#e4f0f8}
        body{font-size:9.5pt;print-color-adjust:exact}.top{position:static}.switch,dialog,footer{display:none}main,.top>div{max-width:none;padding:0}.summary{border:1px solid var(--line);border-left:.5rem solid var(--good)}.summary.bad{border-left-color:var(--bad)}.summary.left{border-left-color:var(--soft)}
        .cards{grid-template-columns:1fr 1fr;gap:4mm}.card,.note,.summary{break-inside:avoid;box-shadow:none}h2,h3,.journey,.note{break-after:avoid}.journey{break-inside:avoid}.journey{margin-top:8mm}.picture img{width:auto;max-width:100%;max-height:76mm;margin:0 auto}}
        """

    /// The language switch, and pictures that grow at a click, with arrow keys to turn the leaves.
    static let script = """
        const root=document.documentElement,large=document.getElementById('large'),image=large.querySelector('img'),caption=large.querySelector('figcaption');
        function choose(language){root.lang=root.dataset.language=language;for(const b of document.querySelectorAll('.switch button'))b.setAttribute('aria-pressed',b.dataset.language===language)}
        const place='language '+location.pathname;let kept=null;try{kept=localStorage.getItem(place)}catch{}
        const asked=new URLSearchParams(location.search).get('lang');
        choose([asked,kept,root.dataset.first].find((l)=>l==='ja'||l==='en')??(navigator.language.startsWith('ja')?'ja':'en'));
        for(const b of document.querySelectorAll('.switch button'))b.addEventListener('click',()=>{choose(b.dataset.language);try{localStorage.setItem(place,b.dataset.language)}catch{}});
        const shown=()=>[...document.querySelectorAll('.picture')].filter((p)=>p.offsetParent);let at=null;
        function show(picture){at=picture;image.src=picture.href;image.alt=caption.textContent=picture.closest('.card').querySelector('h4').innerText.trim();if(!large.open)large.showModal()}
        function turn(by){const all=shown();show(all[(all.indexOf(at)+by+all.length)%all.length])}
        for(const p of document.querySelectorAll('.picture'))p.addEventListener('click',(e)=>{e.preventDefault();show(p)});
        large.querySelector('.before').addEventListener('click',()=>turn(-1));large.querySelector('.after').addEventListener('click',()=>turn(1));
        large.addEventListener('click',(e)=>{if(!e.target.closest('button'))large.close()});
        large.addEventListener('keydown',(e)=>{if(e.key==='ArrowLeft')turn(-1);if(e.key==='ArrowRight')turn(1)});
        large.addEventListener('close',()=>at?.focus());
        """
}
