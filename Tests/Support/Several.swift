/// Runs a function for each element, several at a time; the results have the order of the elements.
package func several<Element: Sendable, Result: Sendable>(
    _ elements: [Element],
    atOnce width: Int,
    _ body: @escaping @Sendable (Element) async -> Result?
) async -> [Result?] {
    await withTaskGroup(of: (Int, Result?).self) { group in
        var results = [Result?](repeating: nil, count: elements.count)
        for (index, element) in elements.enumerated() {
            if index >= width, let (done, result) = await group.next() { results[done] = result }
            group.addTask { (index, await body(element)) }
        }
        for await (done, result) in group { results[done] = result }
        return results
    }
}
