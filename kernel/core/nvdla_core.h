/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_CORE_H_
#define _NVDLA_CORE_H_

#include <linux/types.h>
#include <drm/nvdla_accel.h>

/**
 * DOC: Engine core
 *
 * Everything that knows how an NVDLA is programmed, in four steps, each of which needs only the
 * ones before it:
 *
 * 1. nvdla_config_find() tells what the device is.
 * 2. nvdla_program_check() decides whether a program may run at all, and what it needs of its
 *    slots.
 * 3. nvdla_program_encode() turns each operation into the registers of its units.
 * 4. nvdla_seq_begin() and nvdla_seq_interrupt() write these registers, as soon as the operations'
 *    dependencies and the units' register groups allow. Each call does a bounded amount of work,
 *    however long the program is.
 *
 * The core allocates nothing, takes no lock, does not sleep, keeps no state but what it is given,
 * and never looks at a device address other than to put it into a register. Callers serialise the
 * calls on one &struct nvdla_seq, &struct nvdla_hw.
 *
 * A program's life on a device::
 *
 *	nvdla_program_check(config, &source, slots, &diag);
 *	nvdla_program_encode(config, &source, images);
 *
 *	write(NVDLA_GLB_INTR_MASK, ~NVDLA_DONE_BITS);		(once after a reset)
 *	write(NVDLA_MCIF_RD_WEIGHT_1, NVDLA_READ_TURNS);	(likewise)
 *	nvdla_bindings_check(config, slots, bindings, binding_count, &diag);
 *	nvdla_seq_begin(&seq, &hw, &io, &code, bindings);
 *	while (!nvdla_seq_finished(&seq)) {
 *		status = read(NVDLA_GLB_INTR_STATUS);		(on an interrupt)
 *		status &= NVDLA_DONE_BITS;
 *		write(NVDLA_GLB_INTR_STATUS, status);
 *		nvdla_seq_interrupt(&seq, status);
 *	}
 */

/**
 * struct nvdla_config - one hardware configuration
 * @name: "nv_small".
 * @engines: BIT(engine) for each &enum drm_nvdla_engine that programs may use.
 * @atom: Bytes of a memory atom.
 * @atomic_c: Channels that the MAC array takes at once.
 * @atomic_k: Kernels that it computes at once.
 * @cbuf_banks: Banks of the convolution buffer.
 * @cbuf_entries: Entries of a bank.
 * @cbuf_entry_bytes: Bytes of an entry.
 * @cacc_atoms: Output atoms that CACC's delivery buffer holds.
 * @pdp_width: Output atoms that PDP's line buffer holds, for a window of one line.
 * @dma_bits: Address bits that the device masters.
 */
struct nvdla_config {
	const char *name;
	u32 engines;
	u32 atom;
	u32 atomic_c;
	u32 atomic_k;
	u32 cbuf_banks;
	u32 cbuf_entries;
	u32 cbuf_entry_bytes;
	u32 cacc_atoms;
	u32 pdp_width;
	u32 dma_bits;
};

const struct nvdla_config *nvdla_config_find(const char *name);
void nvdla_config_info(const struct nvdla_config *config, struct drm_nvdla_dev_info *info);

/**
 * struct nvdla_diag - why something was refused
 * @index: Index of the operation; of the slot for bindings.
 * @field: What of it, a constant string: "conv.dst_width".
 * @rule: Which rule it breaks, a constant string: "does not tile the padded input exactly".
 */
struct nvdla_diag {
	u32 index;
	const char *field;
	const char *rule;
};

/**
 * NVDLA_MAX_EXTENTS - memory ranges that one operation has at most
 */
#define NVDLA_MAX_EXTENTS	4

/**
 * struct nvdla_extent - bytes that an operation touches: rows of bytes, in planes
 * @slot: Slot.
 * @access: &DRM_NVDLA_SLOT_READ or &DRM_NVDLA_SLOT_WRITE.
 * @align: What the device address of @offset must be a multiple of.
 * @offset: First byte in the slot.
 * @row_bytes: Bytes of a row.
 * @rows: Rows of a plane.
 * @row_stride: Bytes from a row to the next.
 * @planes: Planes.
 * @plane_stride: Bytes from a plane to the next.
 *
 * The operation touches every byte of the rows and none between them.
 */
struct nvdla_extent {
	u32 slot;
	u32 access;
	u32 align;
	u64 offset;
	u32 row_bytes;
	u32 rows;
	u32 row_stride;
	u32 planes;
	u32 plane_stride;
};

u32 nvdla_op_extents(const struct nvdla_config *config, const struct drm_nvdla_op *op,
		     struct nvdla_extent extents[NVDLA_MAX_EXTENTS]);
u64 nvdla_extent_end(const struct nvdla_extent *extent);

u32 nvdla_conv_slice_entries(const struct nvdla_config *config, const struct drm_nvdla_conv *conv);
u32 nvdla_conv_data_banks(const struct nvdla_config *config, const struct drm_nvdla_conv *conv);
u32 nvdla_conv_weight_banks(const struct nvdla_config *config, const struct drm_nvdla_conv *conv);

/**
 * struct nvdla_source - a program as userspace gives it
 * @ops: Operations.
 * @luts: Look-up tables.
 * @op_count: Entries in @ops.
 * @lut_count: Entries in @luts.
 */
struct nvdla_source {
	const struct drm_nvdla_op *ops;
	const struct drm_nvdla_lut *luts;
	u32 op_count;
	u32 lut_count;
};

int nvdla_program_check(const struct nvdla_config *config, const struct nvdla_source *source,
			struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS], struct nvdla_diag *diag);

/**
 * struct nvdla_binding - the memory that a slot stands for in one run
 * @addr: Device address.
 * @size: Bytes.
 */
struct nvdla_binding {
	u64 addr;
	u64 size;
};

int nvdla_bindings_check(const struct nvdla_config *config,
			 const struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS],
			 const struct nvdla_binding *bindings, u32 count, struct nvdla_diag *diag);

/**
 * enum nvdla_unit - a part of the hardware that has register groups of its own
 * @NVDLA_UNIT_CONV: CDMA, CSC, CMAC_A, CMAC_B and CACC, which always run the same group.
 * @NVDLA_UNIT_SDP: SDP.
 * @NVDLA_UNIT_SDP_RDMA: SDP's reader; an operation that reads no memory in SDP does not use it.
 * @NVDLA_UNIT_PDP: PDP.
 * @NVDLA_UNIT_PDP_RDMA: PDP's reader; an operation on the fly does not use it.
 * @NVDLA_UNIT_CDP: CDP, without its look-up tables, of which there is one set for both groups.
 * @NVDLA_UNIT_CDP_RDMA: CDP's reader.
 * @NVDLA_UNITS: How many there are.
 */
enum nvdla_unit {
	NVDLA_UNIT_CONV,
	NVDLA_UNIT_SDP,
	NVDLA_UNIT_SDP_RDMA,
	NVDLA_UNIT_PDP,
	NVDLA_UNIT_PDP_RDMA,
	NVDLA_UNIT_CDP,
	NVDLA_UNIT_CDP_RDMA,
	NVDLA_UNITS
};

/**
 * NVDLA_ENGINES - one more than the largest &enum drm_nvdla_engine
 */
#define NVDLA_ENGINES		5

/**
 * NVDLA_MAX_REGS - registers that one operation has at most, over all its units
 */
#define NVDLA_MAX_REGS		80

/**
 * struct nvdla_reloc - two registers that take a device address
 * @offset: Bytes from the start of the slot's binding.
 * @slot: Slot.
 * @low: Position in the image of the register for address bits 31..0; the one for bits 63..32
 *	follows.
 */
struct nvdla_reloc {
	u64 offset;
	u8 slot;
	u8 low;
};

/**
 * struct nvdla_image - one operation, ready for the registers
 * @value: Contents of the registers, except addresses.
 * @reg: Byte offsets of the registers. An engine's unit always has the same registers in the same
 *	order: all that its datapath reads, so that no result depends on what ran before.
 * @unread: Registers that this operation's datapath does not look at: they keep what they hold.
 * @reloc: Addresses to fill in, in the order of their positions.
 * @deps: Operations that must have finished.
 * @next: Per engine, the first operation behind this one that it runs; the number of operations
 *	when there is none.
 * @cookie: The operation's.
 * @engine: &enum drm_nvdla_engine.
 * @chain: How many operations start together with this one, itself included; zero for one that
 *	starts with an operation before it.
 * @alone: The operation must not start before the one before it on its engine has finished.
 * @main_count: Registers of the engine's main unit, which come first.
 * @rdma_count: Registers of its RDMA unit, which follow; zero when the operation does not use it.
 * @reloc_count: Entries in @reloc.
 * @dep_count: Entries in @deps.
 * @lut: CDP: index of its look-up tables.
 *
 * Does not say which register group: that is decided when the operation starts.
 */
struct nvdla_image {
	u32 value[NVDLA_MAX_REGS];
	u16 reg[NVDLA_MAX_REGS];
	bool unread[NVDLA_MAX_REGS];
	struct nvdla_reloc reloc[NVDLA_MAX_EXTENTS];
	u32 deps[DRM_NVDLA_MAX_DEPS];
	u32 next[NVDLA_ENGINES];
	u64 cookie;
	u8 engine;
	u8 chain;
	bool alone;
	u8 main_count;
	u8 rdma_count;
	u8 reloc_count;
	u8 dep_count;
	u8 lut;
};

void nvdla_program_encode(const struct nvdla_config *config, const struct nvdla_source *source,
			  struct nvdla_image *images);

/**
 * struct nvdla_io - access to the registers
 * @ctx: Passed to the functions.
 * @read: Reads the register at a byte offset of the register space.
 * @write: Writes it. Writes arrive in the order of the calls.
 */
struct nvdla_io {
	void *ctx;
	u32 (*read)(void *ctx, u32 offset);
	void (*write)(void *ctx, u32 offset, u32 value);
};

/**
 * NVDLA_GLB_INTR_MASK - interrupt mask: a set bit keeps a done bit from the interrupt line
 */
#define NVDLA_GLB_INTR_MASK	0x1004

/**
 * NVDLA_GLB_INTR_SET - writing a bit raises that done bit
 */
#define NVDLA_GLB_INTR_SET	0x1008

/**
 * NVDLA_GLB_INTR_STATUS - done bits; writing a bit clears it
 */
#define NVDLA_GLB_INTR_STATUS	0x100c

/**
 * NVDLA_DONE_BITS - the done bits that a program waits for
 *
 * Those of SDP, CDP and PDP. A convolution raises three more, which say nothing that the bit of the
 * SDP operation behind it does not say better; they are to be masked, and may stay set for ever.
 */
#define NVDLA_DONE_BITS		0x3f

/**
 * NVDLA_MCIF_RD_WEIGHT_1 - turns at the memory of X1's, X2's, Y's and the convolution's input
 */
#define NVDLA_MCIF_RD_WEIGHT_1	0x2004

/**
 * NVDLA_READ_TURNS - what to write there
 *
 * The multipliers wait for all of a convolution's input, but only for its first kernels: when both
 * are to be read, input gets eight turns for each of the weights'. Nobody waits longer than that.
 */
#define NVDLA_READ_TURNS	0x08010101

/**
 * NVDLA_CBUF_FLUSH_STATUS - bit 0: the convolution buffer is ready; see nvdla_cbuf_flushed()
 */
#define NVDLA_CBUF_FLUSH_STATUS	0x300c

/**
 * enum nvdla_known - what is known of a group of registers
 * @NVDLA_KNOWN_NOTHING: They may hold anything.
 * @NVDLA_KNOWN_RESET: They hold what the hardware gives them at reset.
 * @NVDLA_KNOWN_VALUES: They hold what was written.
 */
enum nvdla_known {
	NVDLA_KNOWN_NOTHING,
	NVDLA_KNOWN_RESET,
	NVDLA_KNOWN_VALUES,
};

/**
 * struct nvdla_unit_state - what is known of one unit's registers
 * @value: Contents of each group's registers, in the order of an image.
 * @known: &enum nvdla_known, per group.
 * @group: Group that the unit's next operation takes: groups alternate, whatever the program.
 * @pointer: Group that register writes go to.
 */
struct nvdla_unit_state {
	u32 value[2][NVDLA_MAX_REGS];
	u8 known[2];
	u8 group;
	u8 pointer;
};

/**
 * struct nvdla_hw - what is known of a device's registers between programs
 * @unit: Per unit.
 * @lut: What CDP's look-up tables hold.
 * @lut_known: Whether they do.
 *
 * Starts as, and after every reset and power cycle must be made, nvdla_hw_reset().
 */
struct nvdla_hw {
	struct nvdla_unit_state unit[NVDLA_UNITS];
	struct drm_nvdla_lut lut;
	bool lut_known;
};

void nvdla_hw_reset(struct nvdla_hw *hw);
void nvdla_hw_adopt(struct nvdla_hw *hw, const struct nvdla_io *io);
bool nvdla_cbuf_flushed(const struct nvdla_io *io);

/**
 * struct nvdla_code - a program, ready to run
 * @images: Its operations, from nvdla_program_encode().
 * @luts: Its look-up tables, which nvdla_program_check() has accepted.
 * @count: Operations.
 */
struct nvdla_code {
	const struct nvdla_image *images;
	const struct drm_nvdla_lut *luts;
	u32 count;
};

/**
 * NVDLA_MAX_EVENTS - operations that start, or finish, in one call: two on each engine
 */
#define NVDLA_MAX_EVENTS	(2 * (NVDLA_ENGINES - 1))

/**
 * struct nvdla_events - operations to which something happened
 * @op: Indices.
 * @count: How many.
 */
struct nvdla_events {
	u32 op[NVDLA_MAX_EVENTS];
	u32 count;
};

/**
 * struct nvdla_seq - a program on the hardware
 * @started: Operations that began in the last call, for time stamps: their engine has nothing else
 *	to do from here on. One that was in a group behind another begins when that finishes.
 * @finished: Operations that finished in the last call.
 * @hw: The device.
 * @io: Its registers.
 * @code: The program.
 * @bindings: Memory of its slots.
 * @next: Per engine, its first operation that was not handed to it; the number of operations when
 *	there is none.
 * @head: Per engine, its first operation that has not finished, likewise.
 * @wait: Per engine and group, the done bits that the operation running there still lacks.
 * @busy: Per engine, operations that it has: those that run and those that wait in a group.
 * @prepared: Per engine, whether the registers of @next are written: it need only be enabled.
 *
 * All fields but the first two are the sequencer's own.
 */
struct nvdla_seq {
	struct nvdla_events started;
	struct nvdla_events finished;
	struct nvdla_hw *hw;
	const struct nvdla_io *io;
	struct nvdla_code code;
	const struct nvdla_binding *bindings;
	u32 next[NVDLA_ENGINES];
	u32 head[NVDLA_ENGINES];
	u32 wait[NVDLA_ENGINES][2];
	u8 busy[NVDLA_ENGINES];
	bool prepared[NVDLA_ENGINES];
};

void nvdla_seq_begin(struct nvdla_seq *seq, struct nvdla_hw *hw, const struct nvdla_io *io,
		     const struct nvdla_code *code, const struct nvdla_binding *bindings);
void nvdla_seq_interrupt(struct nvdla_seq *seq, u32 status);
bool nvdla_seq_finished(const struct nvdla_seq *seq);
u32 nvdla_seq_waiting(const struct nvdla_seq *seq);
u32 nvdla_seq_oldest(const struct nvdla_seq *seq, u32 *bits);

#endif
