// SPDX-License-Identifier: BSL-1.0
// The types of Boost.JSON, written and read by way of JsonWriter and JsonReader.

#ifndef CLARIFY_JSON_DETAIL_BOOST_DOCUMENT_HPP
#define CLARIFY_JSON_DETAIL_BOOST_DOCUMENT_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/json/detail/json_shape.hpp>
#include <clarify/json/detail/memory_budget.hpp>

#include <boost/json/array.hpp>
#include <boost/json/memory_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>

#include <atomic>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <string>
#include <string_view>
#include <utility>

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
std::size_t unforeseeable(std::size_t bound) noexcept;

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

/// What `JsonWriter` and `JsonReader` need to know of Boost.JSON.
struct BoostDocument {
    using value_type = boost::json::value;

    template <class T>
    static constexpr bool holds =
        OneOf<T, boost::json::value, boost::json::object, boost::json::array, boost::json::string>;

    template <class Writer>
    static bool write(Writer& writer, const boost::json::value& value);
    template <class Writer>
    static bool write(Writer& writer, const boost::json::object& object);
    template <class Writer>
    static bool write(Writer& writer, const boost::json::array& array) {
        return writer.list(array);
    }
    template <class Writer>
    static bool write(Writer& writer, const boost::json::string& string) {
        return writer.write(std::string_view{string.data(), string.size()});
    }

    template <class Reader>
    static bool read(Reader& reader, boost::json::value& out) {
        return BoostValueBuilder<Reader>{reader}.build(out);
    }
    template <class Reader>
    static bool read(Reader& reader, boost::json::object& out);
    template <class Reader>
    static bool read(Reader& reader, boost::json::array& out);
    template <class Reader>
    static bool read(Reader& reader, boost::json::string& out);
};

}  // namespace clarify::detail

#include <clarify/json/detail/impl/boost_document.hpp>

#endif  // CLARIFY_JSON_DETAIL_BOOST_DOCUMENT_HPP
