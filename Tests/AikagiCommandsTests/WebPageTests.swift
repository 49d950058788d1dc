import Testing

@testable import AikagiCommands

@Suite struct WebPageTests {
    static let html = """
        <html><body><main id="m" data-step="1.3 x.2"><p class="alert" role="alert">Wrong &lt;date&gt; &amp; <b>time</b></p>
        <form><input type="hidden" name="csrf" value="a&quot;b"><input name="other" value=""></form></main></body></html>
        """

    @Test("A page tells its steps, its fields and its complaint")
    func parts() {
        let page = WebPage(path: "/", status: 200, html: Self.html)
        #expect(page.steps == ["1.3", "x.2"])
        #expect(page.field("csrf") == "a\"b")
        #expect(page.field("other") == "")
        #expect(page.field("none") == nil)
        #expect(page.alert == "Wrong <date> & time")
    }

    @Test("Marks at the ends of values hide nothing, and what is escaped is read once")
    func marks() {
        let html = """
            <main data-step="1.2"><p role="alert">\u{301}a&quot;\u{301} &amp;lt;<b>\u{FE0F}b</b>\u{301}</p>\u{301}
            <input name="userID" value="\u{301}&lt;\u{FE0F}"></main>
            """
        let page = WebPage(path: "/", status: 200, html: html)
        // By scalars: equal Strings may still differ.
        #expect(page.field("userID").map { Array($0.unicodeScalars) } == ["\u{301}", "<", "\u{FE0F}"])
        let alert = "\u{301}a\"\u{301} &lt;\u{FE0F}b\u{301}"
        #expect(page.alert?.unicodeScalars.elementsEqual(alert.unicodeScalars) == true)
    }

    @Test("The complaint of the portal's own page is found, and not the place where its script will complain")
    func portalPage() {
        let outcome = #"<p class="outcome" role="alert" hidden></p>"#
        for (html, alert) in [
            (#"<p class="alert" role="alert" id="message">Wrong.</p>"# + outcome, "Wrong."),
            (outcome + #"<p class="alert" role="alert" id="message">Wrong.</p>"#, "Wrong."), (outcome, nil),
            (#"<p class="notice" role="status" id="message">Done.</p>"#, nil),
            (#"<p hidden role="alert">No.</p>"#, nil), (#"<p role="alert" class="x-hidden">A <b>b</b>.</p>"#, "A b."),
            (String(repeating: "<p role=\"alert\"", count: 20_000), nil),
            (String(repeating: #"<p role="alert" hidden>"#, count: 20_000), nil),
        ] {
            #expect(WebPage(path: "/login", status: 422, html: html).alert == alert)
        }
    }

    @Test(
        "Broken HTML has no parts and is no problem",
        arguments: ["", "<main", "<main data-step=", "<input name=\"csrf\"", "role=\"alert\">x"])
    func broken(html: String) {
        let page = WebPage(path: "/", status: 200, html: html)
        #expect(page.steps.isEmpty)
        #expect(page.field("csrf") == nil)
        #expect(page.alert == nil)
    }
}
