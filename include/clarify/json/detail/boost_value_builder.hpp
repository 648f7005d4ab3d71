// SPDX-License-Identifier: BSL-1.0
// JSON text to a Boost.JSON value, with exact numbers and a bound on memory.

#ifndef CLARIFY_JSON_DETAIL_BOOST_VALUE_BUILDER_HPP
#define CLARIFY_JSON_DETAIL_BOOST_VALUE_BUILDER_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/memory_budget.hpp>
#include <clarify/core/detail/random.hpp>

#include <boost/json/memory_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>

#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>

namespace clarify::detail {

/// Lets a `value_stack` take its scratch memory from a budget.
class BudgetResource final : public boost::json::memory_resource {
public:
    explicit BudgetResource(MemoryBudget& budget) noexcept : budget_(budget) {}

private:
    void* do_allocate(std::size_t size, std::size_t alignment) override {
        budget_.charge(size);
        return ::operator new (size, std::align_val_t{alignment});
    }
    void do_deallocate(void* block, std::size_t size, std::size_t alignment) override {
        ::operator delete (block, std::align_val_t{alignment});
        budget_.refund(size);
    }
    bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
        return this == &other;
    }

    MemoryBudget& budget_;
};

/// A number below `bound` (which is not 0) that a peer cannot foresee.
inline std::uint64_t unforeseeable(std::uint64_t bound) noexcept {
    static std::atomic<std::uint64_t> state{unforeseeable_number()};
    return RandomNumbers::mixed(
               state.fetch_add(RandomNumbers::step, std::memory_order_relaxed)) %
        bound;
}

/** Builds a `boost::json::value` from text.

    Boost.JSON's parser is not used: it rounds many numbers to a neighbour of the nearest double.
    The result is in default storage, an ordinary value; what it takes is reckoned and charged to
    the reader's budget before it is built.
*/
template <class Reader>
class BoostValueBuilder {
public:
    explicit BoostValueBuilder(Reader& reader)
        : reader_(reader), scratch_(reader.budget()), stack_(boost::json::storage_ptr{&scratch_}) {
        stack_.reset();
    }

    /// Reads one value. Call it once.
    bool build(boost::json::value& out) {
        if (!push()) return false;
        out = stack_.release();
        return true;
    }

private:
    bool push();
    bool push_array();
    bool push_object();
    bool push_word();
    bool push_number();
    std::size_t push_decoys(std::string_view key, std::size_t members);

    // Calls `use` with the characters of a string token.
    template <class Use>
    static void with_text(std::string_view raw, Use use);

    Reader& reader_;
    BudgetResource scratch_;
    boost::json::value_stack stack_;
};

template <class Reader>
bool BoostValueBuilder<Reader>::push() {
    switch (reader_.next()) {
        case JsonKind::array:
            return push_array();
        case JsonKind::object:
            return push_object();
        case JsonKind::number:
            return push_number();
        default:
            return push_word();
    }
}

template <class Reader>
bool BoostValueBuilder<Reader>::push_array() {
    std::size_t count = 0;
    const bool complete = reader_.array([&] { return ++count, push(); });
    if (!complete) return false;
    constexpr std::size_t head = sizeof(boost::json::value);
    if (count != 0) reader_.budget().charge_block(head + count * sizeof(boost::json::value));
    stack_.push_array(count);
    return true;
}

template <class Reader>
bool BoostValueBuilder<Reader>::push_object() {
    std::size_t count = 0;
    std::size_t slots = 0;
    const bool complete = reader_.object([&](const JsonKey& raw_key) {
        with_text(raw_key.raw(), [&](std::string_view key) {
            slots += push_decoys(key, count);
            reader_.budget().charge_block(key.size() + 1);
            stack_.push_key({key.data(), key.size()});
        });
        ++count;
        ++slots;
        return push();
    });
    if (!complete) return false;
    constexpr std::size_t head = sizeof(boost::json::key_value_pair);
    constexpr std::size_t slot = sizeof(boost::json::key_value_pair) + sizeof(std::uint32_t);
    if (slots != 0) reader_.budget().charge_block(head + slots * slot);
    stack_.push_object(slots);
    return true;
}

/* A peer that foresees the number of hash buckets, which is the number of members, could send keys
   that all fall into the same one, and building the object would take quadratic time. So a large
   object gets members to be overwritten, as many as nobody can foresee, each time it doubles. The
   caller's member of the same key comes after them, and the last one wins. */
template <class Reader>
std::size_t BoostValueBuilder<Reader>::push_decoys(std::string_view key, std::size_t members) {
    constexpr std::size_t harmless = 128;
    if (members < harmless || !std::has_single_bit(members)) return 0;
    const std::uint64_t wanted = unforeseeable(members / 4);
    std::size_t count = 0;
    for (; count < wanted; ++count) {
        reader_.budget().charge_block(key.size() + 1);
        stack_.push_key({key.data(), key.size()});
        stack_.push_null();
    }
    return count;
}

template <class Reader>
template <class Use>
void BoostValueBuilder<Reader>::with_text(std::string_view raw, Use use) {
    const std::string_view inner = raw.substr(1, raw.size() - 2);
    if (inner.find('\\') == std::string_view::npos) {
        use(inner);
    } else {
        use(json_unescape(raw));
    }
}

template <class Reader>
bool BoostValueBuilder<Reader>::push_word() {
    RawJson raw;
    if (!reader_.raw(raw)) return false;
    switch (raw.kind) {
        case JsonKind::null:
            stack_.push_null();
            return true;
        case JsonKind::boolean:
            stack_.push_bool(raw.text == "true");
            return true;
        default:
            with_text(raw.text, [&](std::string_view text) {
                reader_.budget().charge_block(text.size() + 1);
                stack_.push_string({text.data(), text.size()});
            });
            return true;
    }
}

template <class Reader>
bool BoostValueBuilder<Reader>::push_number() {
    return reader_.any_number([this](auto number) {
        using Number = decltype(number);
        if constexpr (std::same_as<Number, std::int64_t>) {
            stack_.push_int64(number);
        } else if constexpr (std::same_as<Number, std::uint64_t>) {
            stack_.push_uint64(number);
        } else {
            stack_.push_double(number);
        }
    });
}

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_BOOST_VALUE_BUILDER_HPP
