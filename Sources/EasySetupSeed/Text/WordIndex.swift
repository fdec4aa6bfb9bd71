/// Finds words of the English list. It compares words as packed numbers (``WrittenWord``), so that no string ever
/// contains a word of a phrase.
enum WordIndex {
    /// The length of the shortest abbreviation of a word, in letters. Four are enough, because any two words of
    /// BIP-39's English list differ in their first four letters.
    private static let shortestPrefix = 4

    /// The index, from 0, of this word in BIP-39's English list, or of the only word of that list that begins with it
    /// if it has four letters or more. Nil if there is no such word in the list.
    static func number(of word: WrittenWord) -> Int? {
        guard word.isWhole else { return nil }
        let index = lowerBound(of: word.letters)
        guard index < packed.count else { return nil }
        if packed[index] == word.letters { return index }
        guard word.length >= shortestPrefix else { return nil }
        let mask = ~(UInt64.max >> (8 * word.length))
        return packed[index] & mask == word.letters ? index : nil
    }

    /// The number of words of BIP-39's English list that begin with the letters of a word.
    static func count(beginningWith word: WrittenWord) -> Int {
        let first = lowerBound(of: word.letters)
        let last = word.letters | (word.length < 8 ? UInt64.max >> (8 * word.length) : 0)
        return packed[first...].prefix { $0 <= last }.count
    }

    /// Up to three words of BIP-39's English list that differ from this one by one or two typing errors, the closest
    /// first. The result never contains the word itself.
    static func nearest(to word: WrittenWord) -> [String] {
        let letters = unpacked(word.letters)
        let reach = word.length > 3 ? 2 : 1
        return packed.indices
            .map { (distance: distance(letters, unpacked(packed[$0])), index: $0) }
            .filter { $0.distance <= reach && !(word.isWhole && $0.distance == 0) }
            .sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
            .prefix(3)
            .map { EnglishWords.all[$0.index] }
    }

    private static let packed: [UInt64] = EnglishWords.all.map(WrittenWord.packed)

    private static func lowerBound(of letters: UInt64) -> Int {
        var range = 0..<packed.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = packed[middle] < letters ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    private static func unpacked(_ letters: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: letters >> $0) }.filter { $0 != 0 }
    }

    /// The least number of letters to insert, delete, change, or swap with the next one, until `a` becomes `b` (the
    /// optimal string alignment distance).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var older: [Int] = []
        var previous = Array(0...b.count)
        for i in a.indices {
            var current = [i + 1]
            for j in b.indices {
                var best = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, current[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, older[j - 1] + 1) }
                current.append(best)
            }
            (older, previous) = (previous, current)
        }
        return previous[b.count]
    }
}
