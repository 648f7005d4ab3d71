// SPDX-License-Identifier: BSL-1.0
// All that is wrong with a request, each thing with its path.

#ifndef CLARIFY_API_FIELD_ERRORS_HPP
#define CLARIFY_API_FIELD_ERRORS_HPP

#include <clarify/core/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {

/** One thing that is wrong with a request.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct FieldError {
    FieldError(std::string path_, std::string message_)
        : path(std::move(path_)), message(std::move(message_)) {}

    /// Where, in the way of Clarify's own errors (`ErrorData::params`): members joined by dots, such as
    /// `signalsByInput.pump-1.labels.site`. Keys stand as they are, so a dot may also be part of one.
    std::string path;
    /// What, for example `has more than 128 characters`: the rest of a sentence whose subject is the
    /// path.
    std::string message;

    friend bool operator==(const FieldError&, const FieldError&) = default;
};

/** Collects what is wrong with a request before it is sent, so that all of it can be repaired at
    once.

    Nobody is helped by the first of ten mistakes: so a check goes on after one, and the caller sees them
    all in one message, or one by one in `all`.

    The methods of the API do so by themselves: they fail with what `result` returns, before anything
    is sent. Use it for checks of your own that are to read like theirs:

    @code
    clarify::FieldErrors errors;
    if (row.name.empty()) errors.add(clarify::field_path("row", "name"), "is empty");
    if (row.count < 0) errors.add(clarify::field_path("row", "count"), "is negative");
    if (clarify::Result<void> checked = errors.result(); !checked) return checked.error();
    // bad_argument[fields]: row.name: is empty; row.count: is negative
    @endcode

    @par Exception safety
    Adding may throw `std::bad_alloc`; what was there before stays.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class FieldErrors {
public:
    FieldErrors() {}

    /// Notes an error. `path` is kept as it is given; it is made printable only in `result`.
    void add(std::string_view path, std::string_view message);

    /// In the order they were found. Valid until another one is added.
    const std::vector<FieldError>& all() const noexcept { return all_; }
    /// Is nothing wrong?
    bool empty() const noexcept { return all_.empty(); }
    /// How many things are wrong.
    std::size_t size() const noexcept { return all_.size(); }

    /** Success where nothing is wrong. Else `Errc::bad_argument` with `Reason::fields`, whose message
        has one `path: message` after the other, with `; ` between them: the first twenty, and how many
        more there are. Paths are made printable and cut at 400 bytes; messages stand as they were given.
    */
    Result<void> result() const;

private:
    std::vector<FieldError> all_;
};

/// The path of the member `name` of what is at `parent`: with a dot between them, unless `parent` is
/// empty, which stands for the whole.
std::string field_path(std::string_view parent, std::string_view name);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/field_errors.hpp>
#endif

#endif  // CLARIFY_API_FIELD_ERRORS_HPP
