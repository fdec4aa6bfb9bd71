import Testing

@testable import EasySetupSeed

/// The hints about a recovery phrase while it is typed.
@Suite("A phrase that is typed") struct TypedPhraseTests {
    private func phrase(_ text: String) -> TypedPhrase { TypedPhrase(Array(text.utf8).span) }

    @Test(
        "The word that is typed fits words of the list, is certain, or fits none",
        arguments: [
            ("", TypedPhrase.Fit.open), ("l", .open), ("leg", .open), ("lega", .complete), ("legal", .complete),
            ("legax", .none), ("q", .open), ("qx", .none), ("zoo", .complete), ("act", .open), ("LEGA", .complete),
            ("ｌｅｇａ", .complete), ("леg", .none), ("legé", .none), ("abandone", .none), ("legal wi", .open),
            ("1. lega", .complete), ("1 lega", .complete),
        ]
    ) func fits(text: String, fit: TypedPhrase.Fit) {
        #expect(phrase(text).fit == fit)
        #expect(!phrase(text).isOther)
    }

    @Test("Every word of the list is certain from its fourth letter on") func certain() {
        for word in EnglishWords.all {
            let first = phrase(String(word.prefix(4)))
            #expect(first.fit == .complete || word.count < 4, "\(word)")
            #expect(first.letterCount == min(4, word.count))
            let left = phrase(word + " ")
            #expect(left.wrongWords == [] && left.leftWords == 1 && left.letterCount == 0, "\(word)")
        }
    }

    @Test("A word that is not in the list is told as it is left, with similar words") func wrong() {
        let two = phrase("legal winnre ")
        #expect(two.leftWords == 2)
        #expect(two.wrongWords == [2])
        #expect(two.suggestions.contains("winner"))
        let three = phrase("legal winnre thank ")
        #expect(three.wrongWords == [2] && three.suggestions == [])
        #expect(phrase("leg,al\nx").leftWords == 2)
        #expect(phrase("leg ").wrongWords == [] && phrase("le ").wrongWords == [1])
        #expect(phrase("legal winnr\u{E9} ").wrongWords == [2])
    }

    @Test(
        "Links, hex and base64 are no words",
        arguments: [
            "easysetup-seed:", "easysetup-seed:1/K7Q", "7f7f", "fade12", "Zm9v0", String(repeating: "7f", count: 32),
        ]
    ) func others(text: String) {
        #expect(phrase(text).isOther)
        #expect(phrase(text).wrongWords == [] && phrase(text).suggestions == [])
    }
}
