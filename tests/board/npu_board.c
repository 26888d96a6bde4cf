// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a board has around its NPU and QEMU's has not: a clock with several rates, two power domains;
 * and who asked for what, under debugfs. Its node:
 *
 *	npu_board: npu-board {
 *		compatible = "test,npu-board";
 *		#clock-cells = <0>;
 *		#power-domain-cells = <1>;
 *	};
 */
#include <linux/clk-provider.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/pm_domain.h>

#define DOMAINS	2

struct npu_domain {
	struct generic_pm_domain base;
	u32 on;
	u32 off;
};

struct npu_board {
	struct clk_hw clock;
	unsigned long rate;
	u32 enabled;
	u32 disabled;
	u32 changed;
	struct npu_domain domains[DOMAINS];
	struct generic_pm_domain *list[DOMAINS];
	struct genpd_onecell_data onecell;
	struct dentry *debugfs;
};

static struct npu_board *to_npu_board(struct clk_hw *hw)
{
	return container_of(hw, struct npu_board, clock);
}

static int npu_clock_prepare(struct clk_hw *hw)
{
	to_npu_board(hw)->enabled++;
	return 0;
}

static void npu_clock_unprepare(struct clk_hw *hw)
{
	to_npu_board(hw)->disabled++;
}

static unsigned long npu_clock_recalc_rate(struct clk_hw *hw, unsigned long parent_rate)
{
	return to_npu_board(hw)->rate;
}

static int npu_clock_determine_rate(struct clk_hw *hw, struct clk_rate_request *req)
{
	return 0;
}

static int npu_clock_set_rate(struct clk_hw *hw, unsigned long rate, unsigned long parent_rate)
{
	struct npu_board *board = to_npu_board(hw);

	board->changed += board->rate != rate;
	board->rate = rate;
	return 0;
}

static const struct clk_ops npu_clock_ops = {
	.prepare = npu_clock_prepare,
	.unprepare = npu_clock_unprepare,
	.recalc_rate = npu_clock_recalc_rate,
	.determine_rate = npu_clock_determine_rate,
	.set_rate = npu_clock_set_rate,
};

static int npu_domain_on(struct generic_pm_domain *base)
{
	container_of(base, struct npu_domain, base)->on++;
	return 0;
}

static int npu_domain_off(struct generic_pm_domain *base)
{
	container_of(base, struct npu_domain, base)->off++;
	return 0;
}

static int npu_board_add_domains(struct npu_board *board, struct device_node *node)
{
	static const char * const names[DOMAINS] = { "npu-core", "npu-memory" };
	int ret;

	for (u32 i = 0; i < DOMAINS; i++) {
		struct generic_pm_domain *base = &board->domains[i].base;

		base->name = names[i];
		base->power_on = npu_domain_on;
		base->power_off = npu_domain_off;
		ret = pm_genpd_init(base, NULL, true);
		if (ret)
			return ret;
		board->list[i] = base;
	}
	board->onecell.domains = board->list;
	board->onecell.num_domains = DOMAINS;
	return of_genpd_add_provider_onecell(node, &board->onecell);
}

static void npu_board_show(struct npu_board *board)
{
	struct dentry *dir = debugfs_create_dir("npu-board", NULL);

	board->debugfs = dir;
	debugfs_create_u32("enabled", 0444, dir, &board->enabled);
	debugfs_create_u32("disabled", 0444, dir, &board->disabled);
	debugfs_create_u32("changed", 0444, dir, &board->changed);
	debugfs_create_ulong("rate", 0444, dir, &board->rate);
	debugfs_create_u32("on0", 0444, dir, &board->domains[0].on);
	debugfs_create_u32("off0", 0444, dir, &board->domains[0].off);
	debugfs_create_u32("on1", 0444, dir, &board->domains[1].on);
	debugfs_create_u32("off1", 0444, dir, &board->domains[1].off);
}

static int npu_board_probe(struct platform_device *pdev)
{
	static const struct clk_init_data clock = { .name = "npu", .ops = &npu_clock_ops };
	struct device *dev = &pdev->dev;
	struct npu_board *board;
	int ret;

	board = devm_kzalloc(dev, sizeof(*board), GFP_KERNEL);
	if (!board)
		return -ENOMEM;
	platform_set_drvdata(pdev, board);
	board->rate = 100000000;
	board->clock.init = &clock;
	ret = npu_board_add_domains(board, dev->of_node);
	if (ret)
		return ret;
	ret = devm_clk_hw_register(dev, &board->clock);
	if (!ret)
		ret = devm_of_clk_add_hw_provider(dev, of_clk_hw_simple_get, &board->clock);
	if (ret)
		return ret;
	npu_board_show(board);
	return 0;
}

static const struct of_device_id npu_board_match[] = {
	{ .compatible = "test,npu-board" },
	{ }
};
MODULE_DEVICE_TABLE(of, npu_board_match);

static struct platform_driver npu_board_driver = {
	.probe = npu_board_probe,
	.driver = {
		.name = "npu-board",
		.of_match_table = npu_board_match,
		/* Domains are not taken away from under a device. */
		.suppress_bind_attrs = true,
	},
};

static int __init npu_board_init(void)
{
	/* Never unloaded. */
	__module_get(THIS_MODULE);
	return platform_driver_register(&npu_board_driver);
}
module_init(npu_board_init);

MODULE_DESCRIPTION("Surroundings of an NPU, for tests");
MODULE_LICENSE("GPL");
