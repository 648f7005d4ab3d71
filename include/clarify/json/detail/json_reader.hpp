// SPDX-License-Identifier: BSL-1.0
// JSON text to C++ values, without a document in between.

#ifndef CLARIFY_JSON_DETAIL_JSON_READER_HPP
#define CLARIFY_JSON_DETAIL_JSON_READER_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/json/detail/json_failure.hpp>
#include <clarify/json/detail/json_shape.hpp>
#include <clarify/json/detail/memory_budget.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace clarify::detail {

/** Reads values from one text. Every function returns `false` after a failure.

    `Document` knows the types of one JSON library: `holds<T>` says which they are, and
    `Document::read(reader, value)` reads one. Memory is charged before it is taken; the budget
    throws `MemoryBudgetExceeded`.
*/
template <class Document>
class JsonReader {
public:
    JsonReader(std::string_view text, std::size_t max_depth, std::size_t max_memory) noexcept
        : scanner_(text, max_depth), budget_(max_memory) {}

    /// Reads the whole text as one `T`.
    template <class T>
    bool read_all(T& out) {
        return scanner_.start() && read(out) && scanner_.finish();
    }
    template <class T>
    bool read(T& out);

    /** Reads a number and calls `use` with what holds it best.

        That is a `std::int64_t` or a `std::uint64_t` for a text without point and exponent that
        fits, else the nearest `double`, also for `-0`.
    */
    template <class Use>
    bool number(Use use);

    /// The failure was inside the element or member `place`. Always `false`.
    template <class Place>
    bool at(Place place) {
        return failure_.at(place);
    }
    bool fail(Errc code, Reason reason, std::string text) {
        failure_.set(code, reason, std::move(text));
        return scanner_.fail(reason);
    }
    /// Fails unless a value of this kind comes next.
    bool expect(JsonKind kind, std::string_view expected);
    /// The error of a failed `read_all`.
    Error error() const;

    JsonScanner& scanner() noexcept { return scanner_; }
    MemoryBudget& budget() noexcept { return budget_; }

private:
    bool mismatch(std::string_view expected, std::string_view found);
    template <class T>
    bool own(T& out);
    template <class Integer>
    bool integer(Integer& out);
    template <class Real>
    bool real(Real& out);
    bool text(std::string& out);
    template <class E>
    bool enumeration(E& out);
    template <class T>
    bool described(T& out);
    template <class Map>
    bool map(Map& out);
    template <class List>
    bool list(List& out);
    template <class T, std::size_t n>
    bool list(std::array<T, n>& out);
    template <class List>
    void make_room(List& out);

    JsonScanner scanner_;
    MemoryBudget budget_;
    JsonFailure failure_;
};

}  // namespace clarify::detail

#include <clarify/json/detail/impl/json_reader.hpp>

#endif  // CLARIFY_JSON_DETAIL_JSON_READER_HPP
