// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
//
// A stand-in for SwiftUI on systems that have none: the names that Sources/AddDevice uses, with SwiftUI's meaning for the
// compiler. It draws nothing. `texts(of:)` gives a view's texts and buttons, for tests.

@MainActor public protocol View {
    associatedtype Body: View
    @ViewBuilder var body: Body { get }
}

extension Never: View {
    public typealias Body = Never
}

/// A view without a body: it tells its texts itself.
@MainActor protocol Leaf {
    var texts: [String] { get }
}

extension View where Body == Never {
    public var body: Never { fatalError("a leaf has no body") }
}

/// The texts that a view shows, in their order; those of buttons in brackets.
@MainActor public func texts(of view: some View) -> [String] {
    if let leaf = view as? any Leaf { leaf.texts } else { texts(of: view.body) }
}

@MainActor @resultBuilder public enum ViewBuilder {
    public static func buildExpression<Content: View>(_ content: Content) -> Content { content }
    public static func buildBlock<each Content: View>(_ content: repeat each Content) -> Group<repeat each Content> {
        Group(content: (repeat each content))
    }
    public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
    public static func buildEither<First: View, Second: View>(first: First) -> Either<First, Second> { .first(first) }
    public static func buildEither<First: View, Second: View>(second: Second) -> Either<First, Second> {
        .second(second)
    }
}

public struct Group<each Content: View>: View, Leaf {
    let content: (repeat each Content)
    var texts: [String] {
        var all: [String] = []
        for view in repeat each content { all += SwiftUI.texts(of: view) }
        return all
    }
}

public enum Either<First: View, Second: View>: View, Leaf {
    case first(First)
    case second(Second)
    var texts: [String] {
        switch self {
        case .first(let view): SwiftUI.texts(of: view)
        case .second(let view): SwiftUI.texts(of: view)
        }
    }
}

extension Optional: View, Leaf where Wrapped: View {
    public typealias Body = Never
    var texts: [String] { map { SwiftUI.texts(of: $0) } ?? [] }
}

// MARK: Views

public struct Text: View, Leaf {
    let texts: [String]
    public init(_ text: String) { texts = [text] }
}

public struct Image: View, Leaf {
    let texts: [String] = []
    public init(systemName: String) {}
}

public struct ProgressView: View, Leaf {
    let texts = ["…"]
    public init() {}
}

public struct VStack<Content: View>: View, Leaf {
    let content: Content
    public init(spacing: Double? = nil, @ViewBuilder content: () -> Content) { self.content = content() }
    var texts: [String] { SwiftUI.texts(of: content) }
}

public struct ForEach<Data: RandomAccessCollection, Content: View>: View, Leaf {
    let views: [Content]
    public init<ID: Hashable>(
        _ data: Data,
        id: KeyPath<Data.Element, ID>,
        @ViewBuilder content: (Data.Element) -> Content
    ) {
        views = data.map(content)
    }
    var texts: [String] { views.flatMap { SwiftUI.texts(of: $0) } }
}

@MainActor public protocol PreviewProvider {
    associatedtype Previews: View
    @ViewBuilder static var previews: Previews { get }
}

public struct ButtonRole: Sendable {
    public static let cancel = ButtonRole()
}

public struct Button: View, Leaf {
    let texts: [String]
    public init(_ title: String, role: ButtonRole? = nil, action: @escaping @MainActor () -> Void) {
        texts = ["[\(title)]"]
    }
}

public struct TextField: View, Leaf {
    let texts: [String]
    public init(_ title: String, text: Binding<String>) { texts = ["<\(title): \(text.wrappedValue)>"] }
}

// MARK: State

@MainActor @propertyWrapper public struct Binding<Value> {
    let get: () -> Value
    let set: (Value) -> Void
    public var wrappedValue: Value {
        get { get() }
        nonmutating set { set(newValue) }
    }
}

@MainActor @propertyWrapper public struct State<Value> {
    private final class Box {
        var value: Value
        init(_ value: Value) { self.value = value }
    }

    private let box: Box
    public init(initialValue: Value) { box = Box(initialValue) }
    public init(wrappedValue: Value) { box = Box(wrappedValue) }
    public var wrappedValue: Value {
        get { box.value }
        nonmutating set { box.value = newValue }
    }
    public var projectedValue: Binding<Value> {
        let box = box
        return Binding {
            box.value
        } set: {
            box.value = $0
        }
    }
}

@MainActor @propertyWrapper @dynamicMemberLookup public struct Bindable<Value: AnyObject> {
    public var wrappedValue: Value
    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
    public var projectedValue: Bindable<Value> { self }
    public subscript<Member>(dynamicMember path: ReferenceWritableKeyPath<Value, Member>) -> Binding<Member> {
        let value = wrappedValue
        return Binding {
            value[keyPath: path]
        } set: {
            value[keyPath: path] = $0
        }
    }
}

// MARK: Modifiers

public struct Font: Sendable {
    public enum TextStyle: Sendable { case largeTitle, title2 }
    public enum Design: Sendable { case monospaced }
    public static let footnote = Font(), headline = Font(), largeTitle = Font(), title = Font()
    public static func system(_ style: TextStyle, design: Design?) -> Font { Font() }
}

public struct Style: Sendable {
    public static let secondary = Style(), green = Style(), orange = Style(), red = Style()
    public static let borderedProminent = Style()
}

public enum ColorScheme: Sendable { case light, dark }

public enum TextAlignment: Sendable { case center }

extension View {
    public func font(_ font: Font?) -> some View { self }
    public func foregroundStyle(_ style: Style) -> some View { self }
    public func multilineTextAlignment(_ alignment: TextAlignment) -> some View { self }
    public func padding() -> some View { self }
    public func buttonStyle(_ style: Style) -> some View { self }
    public func autocorrectionDisabled(_ disable: Bool = true) -> some View { self }
    public func speechSpellsOutCharacters(_ value: Bool = true) -> some View { self }
    public func privacySensitive(_ sensitive: Bool = true) -> some View { self }
    public func preferredColorScheme(_ scheme: ColorScheme?) -> some View { self }
    public func onDisappear(perform action: (() -> Void)? = nil) -> some View { self }
    public func onSubmit(_ action: @escaping () -> Void) -> some View { self }
}
