public import EasySetupSeed
@_spi(_Unicode) import Swift

/// Two words by which a person recognises the other device among those in a room (`Protocol/handshake.md`, "Words").
///
/// Both devices derive the words from the keys of the meeting, so both screens show the same words. The words do not
/// protect against a relay that guessed the code, and no program may claim that.
public struct ConfirmationWords: Hashable, Sendable, CustomStringConvertible {
    /// The first word. Both devices derive two bytes from the meeting's keys, and the first byte is this word's index
    /// in the fixed list of 256 words.
    public let first: String
    /// The second word. The second byte that both devices derive is its index in the fixed list of 256 words.
    public let second: String

    init(_ bytes: (UInt8, UInt8)) {
        first = Self.list[Int(bytes.0)]
        second = Self.list[Int(bytes.1)]
    }

    /// Makes two words, for previews and tests of an app's screens. Nil if one of them is not in the fixed list of 256
    /// words, because then no device shows it.
    public init?(first: String, second: String) {
        guard Self.list.contains(first), Self.list.contains(second) else { return nil }
        self.first = first
        self.second = second
    }

    /// Both words as screens show them, such as `otter · pebble`.
    public var description: String { "\(first) · \(second)" }

    /// The result of comparing a person's input with the two words that the other device shows.
    @nonexhaustive public enum Match: Hashable, Sendable {
        /// An input without visible characters. It does not count as a try, because the person probably pressed Enter
        /// by mistake.
        case nothing
        /// An input with one of the other device's two confirmation words, or both, in any order.
        case right
        /// An input without any of the 256 confirmation words that devices can show, which is probably a typing error.
        case slip
        /// An input with one of the 256 confirmation words that the other device does not show. The person looks at a
        /// device of another pairing, or an attacker is between the two devices.
        case other
    }

    /// Compares a person's input with these two confirmation words. Case, accents, full-width letters, invisible
    /// characters and separators do not matter. Beside a right word, words that no device shows as confirmation do not
    /// matter either.
    public func match(typed: String) -> Match {
        var (isAnything, isRight, isOther) = (false, false, false)
        // Every word of the input is compared, because a confirmation word that is not one of the two makes the result
        // `other`, even after a right word.
        for word in Self.words(in: typed, isAnything: &isAnything) {
            let fits = word == first || word == second || word == first + second || word == second + first
            isRight = isRight || fits
            isOther = isOther || (!fits && Self.list.contains(word))
        }
        if isOther { return .other }
        if isRight { return .right }
        return isAnything ? .slip : .nothing
    }

    /// Compares a person's input with these two confirmation words; see ``match(typed:)``. An input of more than 1,024
    /// bytes gives ``Match/slip``.
    public func match(typed text: UserText) -> Match {
        text.byteCount <= Self.longestAnswer ? match(typed: text.revealed()) : .slip
    }

    /// The length of the longest input that is compared with the two confirmation words, in bytes.
    private static let longestAnswer = 1024

    /// Whether the typed text has one of these two confirmation words or both, and none of the other 254.
    public func contains(typed: UserText) -> Bool { match(typed: typed) == .right }

    private static func words(in text: String, isAnything: inout Bool) -> [String] {
        var words: [String] = []
        var word = ""
        for scalar in text._nfd {
            let properties = scalar.properties
            if isInvisible(scalar) { continue }
            if !properties.isWhitespace { isAnything = true }
            if properties.isAlphabetic {
                word +=
                    fullWidth.contains(scalar.value)
                    ? String(Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar).lowercased() : properties.lowercaseMapping
            } else if !word.isEmpty {
                words.append(word)
                word = ""
            }
        }
        return word.isEmpty ? words : words + [word]
    }

    /// Whether a scalar is ignored: an invisible character, or an accent that NFD has split from its letter.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format, .nonspacingMark, .enclosingMark: true
        case .control: !scalar.properties.isWhitespace
        default: scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// Full-width letters, which some East Asian keyboards type.
    private static let fullWidth: ClosedRange<UInt32> = 0xFF21...0xFF5A

    /// 256 plain nouns, sorted, which differ in their first four letters. None of them is in the list of recovery
    /// phrases, because nobody should get used to reading those words aloud.
    package static let list: [String] = nouns.split(whereSeparator: \.isWhitespace).map(String.init)

    private static let nouns = """
        accordion acorn acrobat almond alpaca anchovy anvil apricot apron armadillo artichoke atlas backpack badger
        bagel balloon banjo barley bathtub beacon beaver beehive beetle bell biscuit bison blueberry bonfire bongo
        bonnet bookcase boulder bouquet bracelet brook bucket bugle bunny burrow butterfly camel candle caramel
        cashew caterpillar cedar cello chestnut chipmunk chisel cider clarinet clover cobra cocoa comet compass
        condor cookie cottage cougar cranberry crayon crocus crow cuckoo cucumber daffodil daisy dandelion donut
        doorbell dragonfly dumpling easel eggplant elm emerald falcon feather fern ferry fiddle fig finch fireplace
        flamingo flute fountain freckle funnel gazelle geyser glacier goblet gondola gorge granite gravel hammock
        harp haystack hazel hedge heron hippo hornet hyena iceberg igloo iris jasmine jigsaw jug juniper kayak
        kennel kettle koala ladle ladybug lagoon lantern lavender lemonade lettuce lilac lime llama locket lollipop
        lotus lynx magpie mallet mandolin marigold marmot marshmallow melon mermaid minnow mitten molehill moose
        moss mulberry mustard nectar nettle nightingale nutmeg oar oasis oatmeal ocelot octopus omelet orchid otter
        pajamas pancake papaya parachute parsley peacock pebble penguin peppermint petal pheasant pickle pillow pine
        pistachio pitcher plum pocket poplar poppy porcupine porridge postcard pretzel puddle puffin quail quartz
        quilt radish raft rainbow raisin raspberry reef reindeer rhubarb robin rooster rosemary ruby saffron sandal
        sapphire sardine saucer saxophone seagull sesame shovel sleigh snail snowflake spaghetti sparrow spinach
        spruce squid starling stork strawberry sunflower swan tadpole tambourine tangerine teapot telescope thimble
        thistle topaz tractor treehouse trolley trombone tulip tundra turnip ukulele unicorn vanilla vineyard waffle
        walrus wardrobe waterfall whistle willow windmill wombat woodpecker wren xylophone yacht yogurt zucchini
        """
}
