package safe

import "testing"

// Names of people who write in their own letters are not doubted; those that
// pass for another name are.
func TestLookalike(t *testing.T) {
	for s, want := range map[string]bool{
		"": false, "Alice": false, "AIice 1": false, "Zoë Müller": false, "José": false, "Łukasz": false, "İpek": false, "Nguyễn": false,
		"Иван": false, "Оксана": false, "Иван (Ivan)": false, "Ольга О": false, "Ελένη": false, "Νίκος Nikos": false, "Ἀθηνᾶ": false,
		"Արամ": false, "田中 Tanaka": false, "山田taro": false, "김민준 Kim": false, "محمد": false, "دانیال": false, "שרה": false,
		"नरेंद्र": false, "สมชาย": false, "Ada 👩\u200d🚀": false, "¯\\_(ツ)_/¯": false, "x²": false, "№ 5 ™": false, "ﾀﾅｶ": false, "𠮷野": false,

		"Аlice": true, "Aliсe": true, "Αlice": true, "аӏех": true, "Alice Соорег": true, "Сара": true, "ΝΙΚΟ": true, "Bօb": true,
		"José\u0301": true, "Jose\u0301": true, "И\u0306ван": true, "Ａｌｉｃｅ": true, "𝐀𝐥𝐢𝐜𝐞": true, "\u212Aate": true, "Ⅼiam": true, "ǀvan": true,
		"ᎪᏞᎥᏟᎬ": true, "ꓮꓡꓲꓚꓰ": true, "ɑda": true, "\u1100\u1161": true, "\uF900": true, "\uFEEB": true, "ﬁona": true,
	} {
		if got := Lookalike(s); got != want {
			t.Errorf("%q (%+q): %t", s, s, got)
		}
	}
}
