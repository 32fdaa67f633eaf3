/* A module of ipmi_sim that answers DCMI's two commands for power, which the simulator lacks: Get DCMI Capabilities
 * Info (01h) and Get Power Reading (02h), section 6 of DCMI 1.5. The option of the module names the file of the watts. */
#include <OpenIPMI/mcserv.h>
#include <OpenIPMI/serv.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static char file_of_watts[512];

static unsigned int watts(void)
{
    unsigned int value = 0;
    FILE *file = fopen(file_of_watts, "r");
    if (file) {
        if (fscanf(file, "%u", &value) != 1)
            value = 0;
        fclose(file);
    }
    return value;
}

static void put16(unsigned char *at, unsigned int value)
{
    at[0] = value & 0xff;
    at[1] = value >> 8 & 0xff;
}

static void answer(lmc_data_t *mc, msg_t *message, unsigned char *data, unsigned int *length, void *context)
{
    static const unsigned char capabilities[] = {0x00, 0xdc, 1, 5, 2, 0x00, 0x01, 0x07};
    if (message->cmd == 0x01) {
        memcpy(data, capabilities, sizeof capabilities);
        *length = sizeof capabilities;
    } else if (message->cmd == 0x02) {
        unsigned int now = watts(), at;
        memset(data, 0, 19);
        data[1] = 0xdc;
        for (at = 2; at < 10; at += 2) /* current, lowest, highest, mean */
            put16(data + at, now);
        put16(data + 14, 1000); /* the period of the statistics, in milliseconds */
        data[18] = 0x40;        /* measuring */
        *length = 19;
    } else {
        data[0] = 0xc1;
        *length = 1;
    }
}

int ipmi_sim_module_print_version(sys_data_t *system, char *options)
{
    return 0;
}

int ipmi_sim_module_init(sys_data_t *system, const char *options)
{
    snprintf(file_of_watts, sizeof file_of_watts, "%s", options ? options : "");
    ipmi_emu_register_group_extension_handler(0xdc, answer, NULL);
    return 0;
}
